//! What all sidecars share, decided.

use std::collections::BTreeMap;

use todoplatform_api::{OtlpProtocol, SecretKeyRef};

/// What all sidecars share.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DaprSettings {
    /// Whether a sidecar refuses what no service of the platform calls.
    pub access_control: bool,
    /// Where spans go.
    pub tracing: Option<TracingSettings>,
    /// How calls of the sidecars' API are logged.
    pub api_logging: Option<ApiLoggingSettings>,
    /// The secret store component that components read their secrets from; none for Kubernetes.
    pub secret_store: Option<String>,
    /// Where the Dapr state stores are.
    pub state_store: StateStoreSettings,
    /// What differs from [`ResiliencySettings`], by the target's name without the platform's.
    pub targets: BTreeMap<String, TargetSettings>,
}

/// Where spans go.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TracingSettings {
    /// Part of the requests, `0` to `1`.
    pub sampling_rate: String,
    /// To whom.
    pub exporter: Exporter,
}

/// To whom spans go.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Exporter {
    /// A collector of OpenTelemetry.
    Otlp {
        /// Host and port.
        endpoint: String,
        /// How it travels.
        protocol: OtlpProtocol,
        /// Whether the connection is encrypted.
        tls: bool,
    },
    /// A Zipkin by its full URL.
    Zipkin(String),
}

/// How calls of the sidecars' API are logged.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ApiLoggingSettings {
    /// Routes in place of paths.
    pub obfuscate_urls: bool,
    /// Without health checks.
    pub omit_health_checks: bool,
}

/// Where the Dapr state stores are.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StateStoreSettings {
    /// In the service's own database.
    Postgresql {
        /// What stands before the names of its tables; none for the service's name.
        table_prefix: Option<String>,
    },
    /// In a Redis.
    Redis {
        /// Host and port.
        host: String,
        /// The Secret's key with the password.
        password: Option<SecretKeyRef>,
        /// Whether the connection is encrypted.
        tls: bool,
    },
}

/// What differs for one target.
#[derive(serde::Serialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TargetSettings {
    /// How long one attempt may take, in seconds.
    pub timeout_seconds: Option<i32>,
    /// Further attempts.
    pub retry: Option<RetrySettings>,
    /// When it is left alone.
    pub circuit_breaker: Option<CircuitBreakerSettings>,
}

/// Further attempts.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RetrySettings {
    /// How many.
    pub max_retries: i32,
    /// Longest pause in seconds.
    pub max_interval_seconds: i32,
}

/// When a target is left alone.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CircuitBreakerSettings {
    /// Failures in a row that open it.
    pub consecutive_failures: i32,
    /// How long it stays open, in seconds.
    pub open_seconds: i32,
}

/// How often and for how long the sidecars try.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ResiliencySettings {
    /// Further attempts after the first.
    pub max_retries: i32,
    /// Longest pause in seconds.
    pub max_interval_seconds: i32,
    /// How long one attempt may take, in seconds.
    pub handler_timeout_seconds: i32,
    /// How long a call of one service to another may take, in seconds.
    pub call_timeout_seconds: i32,
}
