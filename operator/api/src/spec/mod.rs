//! What a user writes: `TodoPlatform.spec`, one file per section.
//!
//! No field has a default here or in the schema: a profile is a set of defaults that `todoplatform-render` applies,
//! so that what is stored is exactly what the user wrote.

mod auth;
mod autoscaling;
mod broker;
mod cache;
mod common;
mod dapr;
#[expect(
    clippy::struct_field_names,
    reason = "the fields are named as in the resource; the derive's twin is meant too"
)]
mod database;
mod day2;
mod extra_services;
mod gateway;
mod images;
mod network_policy;
mod notifications;
mod observability;
mod pod;
mod resiliency;
mod services;
mod tracing;

pub use auth::{Algorithm, Auth};
pub use autoscaling::{Autoscaling, BrokerLag, ScalingBehavior, ScalingWindow};
pub use broker::{
    Broker, ClusterRef, ExternalRedisBroker, KafkaBroker, KafkaSasl, KafkaTls, RedisBroker, RedpandaCluster,
    SaslMechanism, StrimziKafka, StrimziUser, TopicOverride, Topics, UserAuthentication,
};
pub use cache::{Cache, CacheCluster, CacheSentinel, ExternalCache};
pub use common::{EmbeddedStore, EnvVar, LocalSecretName, ResourceAmounts, Resources, SecretKeyRef};
pub use dapr::{
    AccessControl, ApiLogging, Dapr, LogLevel, PostgresqlStateStore, RedisStateStore, StateStore,
};
pub use database::{
    CloudNativePg, ClusterName, Database, DatabaseAdmin, DatabaseRoles, ExternalDatabase, ReadReplica,
    SessionOption, SslMode,
};
pub use day2::{AdoptionPolicy, DeletionMode, DeletionPolicy, DriftIgnore, DriftMode, DriftPolicy};
pub use extra_services::{
    AppProtocol, ConsumedTopic, ExtraHttpRoute, ExtraIngress, ExtraService, ExtraStore, HttpProbe, Probes,
};
pub use gateway::{
    Cors, Gateway, GatewayService, HttpRoute, Ingress, IngressTls, IssuerKind, IssuerRef, ParentRef,
    RateLimit, RateLimitPolicy, RouteClass, Scheme, ServiceType,
};
pub use images::{ImagePullPolicy, Images};
pub use network_policy::{NetworkPolicy, NetworkRule, Protocol};
pub use notifications::{Notifications, Smtp, SmtpSecurity};
pub use observability::{
    AlertOverride, AlertReceiver, AlertRouting, AlertSeverity, Alerting, DashboardDelivery, Dashboards,
    DayOfMonthRange, EmailReceiver, Exporter, Exporters, GrafanaOperator, MaintenanceTime, Monitoring, Month,
    Observability, PagerDutyReceiver, SlackReceiver, SloObjective, Slos, TimeOfDayRange, WebhookReceiver,
    Weekday,
};
pub use pod::{
    Affinity, Neighbour, NodeOperator, NodeRequirement, PodOptions, SpreadConstraint, TaintEffect,
    Toleration, TopologySpread, WhenUnsatisfiable,
};
pub use resiliency::{CircuitBreaker, Resiliency, ResiliencyPreset, ResiliencyTarget, TargetRetry};
pub use services::{
    AppHealth, EnvFrom, EnvFromKind, PodDisruptionBudget, Service, ServiceAccountOptions, ServiceDapr,
    Services,
};
pub use tracing::{Otlp, OtlpProtocol, Tracing, Zipkin};

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{TodoPlatformStatus, rules};

/// A set of defaults.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Everything inside the cluster, one pod each.
    #[default]
    Development,
    /// Your own database, cache, broker and issuer; two pods each.
    Production,
}

impl Profile {
    /// The value as the resource writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

/// What the platform is to be.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "todoplatform.dev",
    version = "v1alpha1",
    kind = "TodoPlatform",
    plural = "todoplatforms",
    singular = "todoplatform",
    shortname = "tp",
    category = "todo",
    category = "all",
    namespaced,
    status = "TodoPlatformStatus",
    derive = "PartialEq",
    cel,
    doc = "A todo platform: five services on Dapr, declared in one resource.",
    validation = rules::NAME_LENGTH.rule(),
    validation = rules::NAME_FORM.rule(),
    printcolumn(name = "READY", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "STATUS", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "COMPONENTS", type_ = "string", json_path = ".status.componentsReady"),
    printcolumn(name = "VERSION", type_ = "string", json_path = ".status.version"),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "MESSAGE",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1
    ),
    printcolumn(name = "ENDPOINT", type_ = "string", json_path = ".status.endpoint", priority = 1),
    printcolumn(
        name = "DRIFT",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Drifted\")].reason",
        priority = 1
    )
)]
#[x_kube(
    validation = rules::PRODUCTION_DATABASE.rule(),
    validation = rules::PRODUCTION_CACHE.rule(),
    validation = rules::PRODUCTION_BROKER.rule(),
    validation = rules::PRODUCTION_AUTH.rule(),
    validation = rules::VERSION_OR_TAG.rule()
)]
#[serde(rename_all = "camelCase")]
pub struct TodoPlatformSpec {
    /// The set of defaults: `development` or `production`. Every default can be overridden below. Default: `development`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// The class of operators that runs this platform, as `ingressClassName` does it for an Ingress: of several operators in one cluster the one that was started with `--class` of the same value. Default of both profiles: none, which is the operator that was started without `--class`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 40),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    )]
    pub operator_class: Option<String>,
    /// Which release of the services runs: images that were released and tested together. Default of both profiles: the operator's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[0-9A-Za-z][0-9A-Za-z.+-]*$"))]
    pub version: Option<String>,
    /// Where container images come from. Default of both profiles: as the operator was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Images>,
    /// How clients reach the platform. Default of both profiles: inside the cluster, 10 requests a minute per user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Gateway>,
    /// Who issues the bearer tokens and how they are verified. Default of development: a generated signing key; required by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// What differs from the profile for one service. Default of both profiles: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Services>,
    /// Apps of your own on Dapr, joined to the platform: they get every object that the five services get. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub extra_services: Vec<ExtraService>,
    /// Where the pods of all applications run and what they carry. Default of both profiles: see its fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_defaults: Option<PodOptions>,
    /// The PostgreSQL behind task, notification and analytics. Default of development: embedded; production needs `external` or `cloudNativePG`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// The Redis behind the rate limit and the reminders. Default of development: embedded; production needs `external`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// What carries the events. Default of development: the embedded Redis; production needs one of your own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker: Option<Broker>,
    /// How users are told. Default of both profiles: nobody is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notifications: Option<Notifications>,
    /// What all sidecars share. Default of both profiles: see its fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dapr: Option<Dapr>,
    /// What the platform shows of itself. Default of both profiles: monitors where their kinds are served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observability: Option<Observability>,
    /// Whether the platform sleeps: no pods, all data kept. It stops from the gateway down to the stores and wakes the other way round. Default of both profiles: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hibernated: Option<bool>,
    /// Who may connect to whom. Default of development: no policies; of production: only the connections that the platform needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_policy: Option<NetworkPolicy>,
    /// Stops all writing: the platform is looked at, and told of, and left as it is. The annotation `todoplatform.dev/paused-until` does the same until a time. Default of both profiles: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    /// What is done about changes that others make to the platform's objects. Default of both profiles: they are undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_policy: Option<DriftPolicy>,
    /// What becomes of the platform's objects when it is deleted. Default of development: all go with it; of production: data stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// What is done about an object that has the name of a child and was not made by the platform: `Never`, `IfUnowned` or `TakeOver`. Default of both profiles: `Never`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption_policy: Option<AdoptionPolicy>,
}
