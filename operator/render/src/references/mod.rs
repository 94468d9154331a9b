//! What a pass must read by name, from the spec alone. One file per section of the spec that has much to read.

mod broker;
mod cache;
mod database;
mod kafka;
mod routing;
mod services;
mod target;

use todoplatform_api::{Profile, SecretKeyRef, TodoPlatform};

pub(crate) use broker::{embeds_broker, topic_prefix};
pub(crate) use cache::{cache_addresses, cache_tls, embeds_cache};
pub use database::SETUP;
pub(crate) use database::{
    SERVICE_OF_EXPORTER, cluster_ca, cluster_key, database_name, database_services, database_url,
    embeds_postgres, has_own_roles, password_key, port, ssl_mode,
};
pub use kafka::{BrokersAt, KafkaAccess, SaslReference, TlsReference, Topic, TopicMaker, Username};
pub(crate) use services::service_section;
pub use target::{PostgresTarget, RedisMode, RedisTarget};

use crate::{
    graph::graph,
    names::{Names, SIGNING_KEY_JWKS, SIGNING_KEY_PEM, TOKEN_KEY},
};

/// One key of one Secret that the platform refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretReference {
    /// Name of the Secret, in the platform's namespace.
    pub name: String,
    /// Key in its data; [`ALL_KEYS`] for all of them.
    pub key: String,
    /// The field of the resource that refers to it; empty for a Secret that the operator makes.
    pub field_path: String,
    /// Whether its absence is no fault: the operator makes it, or another operator whose object the field names.
    pub optional: bool,
}

/// The key that stands for all keys of a Secret: no key of a Secret is called so.
pub const ALL_KEYS: &str = "*";

/// A ConfigMap of the user's that a pod reads whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigMapReference {
    /// Name of the ConfigMap, in the platform's namespace.
    pub name: String,
    /// The field of the resource that refers to it.
    pub field_path: String,
}

/// Something that the services need before their first start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// `database`, `cache`, `broker`, `topics`, `dapr`; `database-<service>` for a database of one service's own, `database-setup`
    /// for the Job that makes the services' roles.
    pub name: String,
    /// What to ask whether it answers.
    pub target: DependencyTarget,
}

/// What to ask whether a dependency answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DependencyTarget {
    /// A StatefulSet of the platform's own: ready when all its pods are.
    StatefulSet {
        /// Its name.
        name: String,
    },
    /// A PostgreSQL: ready when it lets us in.
    Postgres {
        /// Where the connection URL is.
        url: SecretReference,
        /// Where the certificate of its authority is.
        ca: Option<SecretReference>,
    },
    /// A PostgreSQL by its host: ready when it lets us in.
    PostgresHost(Box<PostgresTarget>),
    /// A CloudNativePG cluster: ready when it has a primary that serves.
    CloudNativePg {
        /// Its name.
        cluster: String,
    },
    /// The platform's own Job that makes the services' roles and databases: ready when it has completed.
    Job,
    /// A Redis by URL: ready when it answers `PING`.
    Redis {
        /// Where the connection URL is.
        url: SecretReference,
        /// Where the certificate of its authority is.
        ca: Option<SecretReference>,
    },
    /// A Redis by host: ready when it answers `PING`.
    RedisHost {
        /// Host and port.
        host: String,
        /// Where the password is.
        password: Option<SecretReference>,
        /// Whether the connection is encrypted.
        tls: bool,
    },
    /// A Redis by addresses: ready when the server, the master or the cluster answers.
    RedisServers(Box<RedisTarget>),
    /// Kafka or Redpanda: ready when one of the brokers lets us in and tells what it has.
    Kafka(Box<KafkaAccess>),
    /// The topics on it: ready when none is missing.
    Topics(TopicMaker),
    /// Dapr's control plane: its kinds are served and its injector and sentry run.
    DaprControlPlane,
}

impl DependencyTarget {
    /// The word that the status shows.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::StatefulSet { .. } => "StatefulSet",
            Self::Postgres { .. } | Self::PostgresHost(_) => "PostgreSQL",
            Self::CloudNativePg { .. } => "CloudNativePG",
            Self::Job => "Job",
            Self::Redis { .. } | Self::RedisHost { .. } | Self::RedisServers(_) => "Redis",
            Self::Kafka(access) => access.kind,
            Self::Topics(_) => "Topics",
            Self::DaprControlPlane => "DaprControlPlane",
        }
    }
}

/// What a pass must read by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Keys of Secrets, in the order of the spec; the operator's own come last.
    pub secrets: Vec<SecretReference>,
    /// ConfigMaps of the user's, in the order of the spec.
    pub config_maps: Vec<ConfigMapReference>,
    /// What the services need before their first start.
    pub dependencies: Vec<Dependency>,
}

impl References {
    /// How the Kafka or Redpanda is reached, where the platform has one.
    pub fn kafka(&self) -> Option<&KafkaAccess> {
        self.dependencies
            .iter()
            .find_map(|dependency| match &dependency.target {
                DependencyTarget::Kafka(access) => Some(&**access),
                _ => None,
            })
    }
}

/// What a pass must read by name, from the spec alone.
///
/// Total: what a rule refuses (production without a database) is left out here and said by [`crate::validate`].
pub fn references(platform: &TodoPlatform) -> References {
    let spec = &platform.spec;
    let name = platform.metadata.name.as_deref().unwrap_or_default();
    let namespace = platform.metadata.namespace.as_deref().unwrap_or("default");
    let names = Names::new(name, namespace, "");
    let development = spec.profile.unwrap_or_default() == Profile::Development;

    let mut found = Collector {
        names: &names,
        references: References::default(),
    };
    if let Some(auth) = &spec.auth {
        found.user(auth.jwks_secret_key_ref.as_ref(), "spec.auth.jwksSecretKeyRef");
        let signing_key = auth.signing_key_secret_ref.as_ref().map(|secret| SecretKeyRef {
            name: secret.name.clone(),
            key: SIGNING_KEY_JWKS.into(),
        });
        found.user(signing_key.as_ref(), "spec.auth.signingKeySecretRef");
    }
    found.environment(spec);
    found.database(spec.database.as_ref(), development);
    found.cache(spec.cache.as_ref(), development);
    found.broker(
        spec.broker.as_ref(),
        &graph(spec),
        spec.profile.unwrap_or_default(),
    );
    if let Some(redis) = spec
        .dapr
        .as_ref()
        .and_then(|section| section.state_store.as_ref())
        .and_then(|store| store.redis.as_ref())
    {
        found.user(
            redis.password_secret_key_ref.as_ref(),
            "spec.dapr.stateStore.redis.passwordSecretKeyRef",
        );
    }
    if let Some(smtp) = spec
        .notifications
        .as_ref()
        .and_then(|section| section.smtp.as_ref())
    {
        found.user(
            smtp.username_secret_key_ref.as_ref(),
            "spec.notifications.smtp.usernameSecretKeyRef",
        );
        found.user(
            smtp.password_secret_key_ref.as_ref(),
            "spec.notifications.smtp.passwordSecretKeyRef",
        );
    }
    if let Some(routing) = spec
        .observability
        .as_ref()
        .and_then(|section| section.routing.as_ref())
    {
        found.routing(routing);
    }
    if development && !has_issuer_keys(platform) {
        found.own(&names.signing_key(), SIGNING_KEY_PEM);
        found.own(&names.signing_key(), SIGNING_KEY_JWKS);
    }
    for node in graph(spec) {
        if node.has_app_port() {
            found.own(&names.app_token(&node.name), TOKEN_KEY);
        }
        found.own(&names.api_token(&node.name), TOKEN_KEY);
    }
    found.depend("dapr", DependencyTarget::DaprControlPlane);
    found.references
}

/// Whether the resource names the keys with which tokens are verified, so that none are generated.
pub(crate) fn has_issuer_keys(platform: &TodoPlatform) -> bool {
    platform.spec.auth.as_ref().is_some_and(|auth| {
        auth.jwks_url.is_some() || auth.jwks_secret_key_ref.is_some() || auth.signing_key_secret_ref.is_some()
    })
}

struct Collector<'a> {
    names: &'a Names,
    references: References,
}

impl Collector<'_> {
    /// A key that the user names. Several fields may name the same key; each is kept, so that each is reported.
    fn user(&mut self, reference: Option<&SecretKeyRef>, field_path: &str) -> Option<SecretReference> {
        let reference = user_reference(reference?, field_path);
        self.references.secrets.push(reference.clone());
        Some(reference)
    }

    /// A key of a Secret that the operator makes.
    fn own(&mut self, name: &str, key: &str) {
        self.references.secrets.push(SecretReference {
            name: name.into(),
            key: key.into(),
            field_path: String::new(),
            optional: true,
        });
    }

    /// A key of a Secret that another operator makes for the object that the field names.
    fn awaited(&mut self, reference: &SecretKeyRef, field_path: &str) {
        self.references.secrets.push(SecretReference {
            optional: true,
            ..user_reference(reference, field_path)
        });
    }

    fn depend(&mut self, name: &str, target: DependencyTarget) {
        self.references.dependencies.push(Dependency {
            name: name.into(),
            target,
        });
    }
}

fn user_reference(reference: &SecretKeyRef, field_path: &str) -> SecretReference {
    SecretReference {
        name: reference.name.clone(),
        key: reference.key.clone(),
        field_path: field_path.into(),
        optional: false,
    }
}
