//! From a TodoPlatform to its children: [`validate`], then [`build()`].
//!
//! Pure: the same resource, facts and defaults give the same bytes. No client, no clock, no async.

mod addresses;
mod build;
pub mod catalog;
mod child;
pub mod day2;
mod degradation;
mod facts;
pub mod graph;
pub mod image;
pub mod names;
pub mod observability;
mod origins;
mod references;
pub mod release;
mod secret_facts;
mod settings;
mod validate;
pub mod validated;

pub use build::{MANAGER, TEMPLATE_HASH, build, setup_standing};
pub use child::{Child, ChildKind, Gate, Prepared, Resources, SecretRecipe, SecretValue};
pub use degradation::{
    ALERTMANAGER_CONFIG_MISSING, Degradation, EXPORTER_NOT_READY, GRAFANA_DASHBOARD_MISSING,
    HTTP_ROUTE_MISSING, KAFKA_TOPIC_MISSING, KEDA_MISSING, TOPICS_DIFFER, degradations,
};
pub use facts::{DependencyFact, Facts, JobFact, KafkaFact, OperatorDefaults, SecretFact};
pub use origins::{Origin, Setting, origins};
pub use references::{
    ALL_KEYS, BrokersAt, ConfigMapReference, Dependency, DependencyTarget, KafkaAccess, PostgresTarget,
    RedisMode, RedisTarget, References, SETUP, SaslReference, SecretReference, TlsReference, Topic,
    TopicMaker, Username, references,
};
pub use secret_facts::{config_map_hash, secret_facts};
pub use validate::{
    BROKER_UNKNOWN, INVALID_IMAGE, INVALID_SPEC, Invalid, MISSING_CONFIG_MAP, MISSING_SECRET,
    MISSING_SECRET_KEY, REASONS, Violation, validate,
};
pub use validated::ValidatedPlatform;
