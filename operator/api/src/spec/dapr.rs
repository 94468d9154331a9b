//! `spec.dapr`: what all sidecars share.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Resiliency, Resources, SecretKeyRef, Tracing};
use crate::rules;

/// Level of a log.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    Info,
    /// What should not happen.
    Warn,
    /// What failed.
    Error,
}

impl LogLevel {
    /// The value as Dapr and the services write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// What all sidecars share. Encryption between sidecars is the control plane's and cannot be switched here.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Dapr {
    /// Level of the sidecars' log. Default of both profiles: `info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<LogLevel>,
    /// CPU and memory of every sidecar. Default of development: 10m CPU, 48Mi memory, limit 256Mi; of production: 100m, 128Mi, limit 512Mi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sidecar_resources: Option<Resources>,
    /// How often and for how long the sidecars try. Default of both profiles: preset `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resiliency: Option<Resiliency>,
    /// Where the Dapr state store of the notification service is. Default of both profiles: `postgresql`, in that service's database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_store: Option<StateStore>,
    /// Name of a Dapr secret store component in this namespace, from which the sidecars read the secrets of their components; the same names and keys must be in Kubernetes Secrets too, from which the services and the operator read. Default of both profiles: Kubernetes Secrets alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    )]
    pub secret_store: Option<String>,
    /// Who may call whom through the sidecars. Default of both profiles: on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_control: Option<AccessControl>,
    /// Where the sidecars and the services send their spans. Default of both profiles: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracing: Option<Tracing>,
    /// Whether the sidecars log each call of their API. Default of both profiles: off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_logging: Option<ApiLogging>,
}

/// Where the Dapr state store is that the notification service keeps its users' preferences in. Nothing is moved from one
/// to the other.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::STATE_STORE_ONE_OF.rule())]
#[serde(rename_all = "camelCase")]
pub struct StateStore {
    /// Tables in the service's own database. Exactly one of `postgresql` and `redis` is set. Default of both profiles: this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgresql: Option<PostgresqlStateStore>,
    /// A Redis. Exactly one of `postgresql` and `redis` is set. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redis: Option<RedisStateStore>,
}

/// A state store in the service's own database.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PostgresqlStateStore {
    /// What stands before the names of its tables. Default of both profiles: `<service>_`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub table_prefix: Option<String>,
}

/// A state store in Redis.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::STATE_STORE_REDIS_HOST.rule())]
#[serde(rename_all = "camelCase")]
pub struct RedisStateStore {
    /// Host and port (`redis.example:6379`). Default of both profiles: the Redis that the platform runs; without one it must be set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 259),
        regex(pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?:[0-9]{1,5}$")
    )]
    pub host: Option<String>,
    /// The key of a Secret with the password. Default of both profiles: no password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_key_ref: Option<SecretKeyRef>,
    /// Whether the connection is encrypted, by a certificate of a public authority. Default of both profiles: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_tls: Option<bool>,
}

/// Who may call whom through the sidecars.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AccessControl {
    /// Whether a sidecar refuses what no service of the platform calls: other callers, routes and verbs. Default of both profiles: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Whether the sidecars log each call of their API.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ApiLogging {
    /// Whether they do. Default of both profiles: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether the log has routes in place of paths, which can hold ids of users. Default of development: false; of production: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obfuscate_urls: Option<bool>,
    /// Whether health checks are left out. Default of both profiles: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub omit_health_checks: Option<bool>,
}
