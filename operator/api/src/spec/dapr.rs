//! `spec.dapr`: what all sidecars share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Resources;

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

/// What all sidecars share.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Dapr {
    /// Level of the sidecars' log. Default of both profiles: `info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<LogLevel>,
    /// CPU and memory of every sidecar. Default of development: 10m CPU, 48Mi memory, limit 256Mi; of production: 100m, 128Mi, limit 512Mi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sidecar_resources: Option<Resources>,
    /// How often and for how long an event is offered to a service. Default of both profiles: 8 retries, at most 30 seconds apart, 20 seconds each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resiliency: Option<EventResiliency>,
}

/// How often and for how long an event is offered to a service before it goes to the dead letters.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct EventResiliency {
    /// Further attempts after the first. Default of both profiles: 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub max_retries: Option<i32>,
    /// Longest pause between two attempts, in seconds. Default of both profiles: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub max_interval_seconds: Option<i32>,
    /// How long one attempt may take, in seconds. Default of both profiles: 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub handler_timeout_seconds: Option<i32>,
}
