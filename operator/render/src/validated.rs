//! A platform whose every setting is decided: the profile applied, every rule checked.

use std::collections::BTreeMap;

use todoplatform_api::{
    Algorithm, EnvVar, LogLevel, Profile, SaslMechanism, SecretKeyRef, ServiceType, SmtpSecurity,
};

use crate::{catalog::Service, image::ImageRef, names::Names, references::References};

/// A platform whose every setting is decided. Only [`crate::validate`] makes one, so that building cannot fail.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ValidatedPlatform {
    /// Names of the children.
    pub names: Names,
    /// `metadata.uid`; none before the platform was created, as in a render of a file.
    pub uid: Option<String>,
    /// The set of defaults.
    pub profile: Profile,
    /// Version of the services: the tag of their images.
    pub version: String,
    /// When a node pulls an image.
    pub image_pull_policy: String,
    /// Secrets with which the pods pull their images.
    pub image_pull_secrets: Vec<String>,
    /// The five services, in the order of the catalog.
    pub services: Vec<ServiceSettings>,
    /// How bearer tokens are verified.
    pub auth: AuthSettings,
    /// How clients reach the gateway.
    pub gateway: GatewaySettings,
    /// The embedded PostgreSQL.
    pub postgres: Option<StoreSettings>,
    /// The embedded Redis.
    pub redis: Option<StoreSettings>,
    /// Where the connection URLs of the databases are.
    pub database: DatabaseSettings,
    /// Where the connection URL of the cache is.
    pub cache: UrlSettings,
    /// What carries the events.
    pub broker: BrokerSettings,
    /// What stands before the name of every topic.
    pub topic_prefix: String,
    /// The mail server.
    pub smtp: Option<SmtpSettings>,
    /// How events are offered to a service.
    pub resiliency: ResiliencySettings,
    /// The labels of the objects for the Prometheus operator; none when they are not wanted.
    pub monitoring: Option<BTreeMap<String, String>>,
    /// What the pass read by name.
    pub references: References,
}

impl ValidatedPlatform {
    /// Where the gateway answers inside the cluster.
    pub fn endpoint(&self) -> String {
        let gateway = self.names.app_id(Service::Gateway);
        format!(
            "http://{}:{}",
            self.names.host(&gateway),
            crate::catalog::HTTP_PORT
        )
    }
}

/// One service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSettings {
    /// Which one.
    pub service: Service,
    /// Its image.
    pub image: ImageRef,
    /// Number of pods.
    pub replicas: i32,
    /// CPU and memory of its container.
    pub resources: ContainerResources,
    /// The user's environment variables.
    pub env: Vec<EnvVar>,
    /// Level of its log.
    pub log_level: LogLevel,
    /// Its sidecar.
    pub sidecar: SidecarSettings,
}

/// The sidecar of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SidecarSettings {
    /// Level of its log.
    pub log_level: LogLevel,
    /// CPU and memory.
    pub resources: ContainerResources,
    /// Largest body of a request.
    pub max_body_size: String,
    /// How long it drains, in seconds.
    pub graceful_shutdown_seconds: i32,
    /// How long it goes on serving before that, in seconds.
    pub block_shutdown_seconds: i32,
}

/// CPU and memory of a container, as canonical quantities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerResources {
    /// Reserved CPU.
    pub cpu_request: String,
    /// Reserved memory.
    pub memory_request: String,
    /// Most CPU; none by default, since a limit throttles without need.
    pub cpu_limit: Option<String>,
    /// Most memory.
    pub memory_limit: String,
}

/// How bearer tokens are verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthSettings {
    /// The `iss` that every token must carry.
    pub issuer: String,
    /// The `aud` that every token must carry.
    pub audience: String,
    /// Where the keys come from.
    pub keys: KeySource,
    /// Accepted algorithms.
    pub algorithms: Vec<Algorithm>,
    /// Tolerance in seconds.
    pub clock_skew_seconds: i32,
}

/// Where the keys come from with which tokens are verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The issuer publishes them.
    Url(String),
    /// A Secret holds them.
    Secret(SecretKeyRef),
    /// The operator makes a signing key, for development.
    Generated(SecretKeyRef),
}

/// How clients reach the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewaySettings {
    /// Browser origins that may call.
    pub cors_origins: Vec<String>,
    /// Requests per user and period.
    pub requests: i32,
    /// The period in seconds.
    pub period_seconds: i32,
    /// Requests at once.
    pub burst: i32,
    /// Type of its Service.
    pub service_type: ServiceType,
    /// Port on every node.
    pub node_port: Option<i32>,
}

/// A store that the platform runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// Its image.
    pub image: ImageRef,
    /// Size of its volume.
    pub storage_size: String,
    /// Storage class of its volume; none means the cluster's default.
    pub storage_class_name: Option<String>,
    /// CPU and memory of its container.
    pub resources: ContainerResources,
}

/// Where a connection URL is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlSettings {
    /// The Secret's key with the URL.
    pub url: SecretKeyRef,
    /// The Secret's key with the certificate of the server's authority.
    pub ca: Option<SecretKeyRef>,
}

/// Where the connection URLs of the databases are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// By service.
    pub urls: BTreeMap<Service, SecretKeyRef>,
    /// The Secret's key with the certificate of the server's authority.
    pub ca: Option<SecretKeyRef>,
}

/// What carries the events.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one per platform")]
pub enum BrokerSettings {
    /// Redis streams.
    Redis {
        /// Host and port.
        host: String,
        /// The Secret's key with the password.
        password: Option<SecretKeyRef>,
        /// Whether the connection is encrypted.
        tls: bool,
    },
    /// Kafka or Redpanda.
    Kafka {
        /// Hosts and ports.
        brokers: Vec<String>,
        /// User and password.
        sasl: Option<SaslSettings>,
        /// Encryption.
        tls: Option<TlsSettings>,
        /// The brokers' version of the protocol.
        version: String,
    },
}

/// User and password for Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaslSettings {
    /// How they are shown.
    pub mechanism: SaslMechanism,
    /// The Secret's key with the user's name.
    pub username: SecretKeyRef,
    /// The Secret's key with the password.
    pub password: SecretKeyRef,
}

/// Encryption of the connection to Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The Secret's key with the certificate of the brokers' authority.
    pub ca: Option<SecretKeyRef>,
    /// The Secret's keys with the client's certificate and private key.
    pub client: Option<(SecretKeyRef, SecretKeyRef)>,
}

/// The mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpSettings {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: i32,
    /// The sender.
    pub from: String,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// The Secret's keys with user name and password.
    pub login: Option<(SecretKeyRef, SecretKeyRef)>,
}

/// How events are offered to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResiliencySettings {
    /// Further attempts after the first.
    pub max_retries: i32,
    /// Longest pause in seconds.
    pub max_interval_seconds: i32,
    /// How long one attempt may take, in seconds.
    pub handler_timeout_seconds: i32,
}
