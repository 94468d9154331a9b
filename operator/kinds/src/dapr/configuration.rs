use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// Fields of a Dapr configuration: how one app's sidecar behaves.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "dapr.io",
    version = "v1alpha1",
    kind = "Configuration",
    namespaced,
    no_spec,
    schema = "disabled",
    derive = "PartialEq"
)]
pub struct ConfigurationFields {
    /// How the sidecar behaves.
    pub spec: ConfigurationSpec,
}

/// How a sidecar behaves. No `mtls`: that is the control plane's.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationSpec {
    /// Switches of features.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Feature>,
    /// Who may call the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_control: Option<AccessControl>,
    /// Which of Dapr's own APIs the app may use; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<Api>,
    /// What the sidecar measures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// Where spans go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracing: Option<Tracing>,
    /// What is logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,
}

/// Where spans go.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Tracing {
    /// Part of the requests that are traced, `0` to `1`.
    pub sampling_rate: String,
    /// A collector of OpenTelemetry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otel: Option<Otel>,
    /// A Zipkin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zipkin: Option<Zipkin>,
}

/// A collector of OpenTelemetry.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Otel {
    /// `grpc` or `http`; anything else stops the sidecar at start.
    pub protocol: String,
    /// Host and port.
    pub endpoint_address: String,
    /// Whether the connection is encrypted.
    pub is_secure: bool,
}

/// A Zipkin.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Zipkin {
    /// Full URL.
    pub endpoint_address: String,
}

/// What is logged.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Logging {
    /// Calls of the sidecar's API.
    pub api_logging: ApiLogging,
}

/// How calls of the sidecar's API are logged.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ApiLogging {
    /// Whether they are.
    pub enabled: bool,
    /// Routes in place of paths.
    #[serde(rename = "obfuscateURLs")]
    pub obfuscate_urls: bool,
    /// Without health checks.
    pub omit_health_checks: bool,
}

/// A switch of a feature.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// On or off.
    pub enabled: bool,
}

/// What to do with a call.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Let it through.
    Allow,
    /// Refuse it with 403.
    Deny,
}

/// Who may call an app; enforced by the app's own sidecar.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AccessControl {
    /// For callers without a policy.
    pub default_action: Action,
    /// Trust domain of this app when it calls others.
    pub trust_domain: String,
    /// Policies by caller.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<AccessPolicy>,
}

/// What one caller may do. A policy without `trustDomain` or `namespace` stops the sidecar at start.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AccessPolicy {
    /// App-id of the caller.
    pub app_id: String,
    /// For its calls.
    pub default_action: Action,
    /// Trust domain of the caller.
    pub trust_domain: String,
    /// Namespace of the caller.
    pub namespace: String,
    /// What it may call; of two names that begin alike the shorter one decides for both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
}

/// A path of an app, and all below it.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// The path (`/v1/tasks`).
    pub name: String,
    /// In upper case; a verb that is not in the list falls to the policy's default.
    pub http_verb: Vec<String>,
    /// For these verbs.
    pub action: Action,
}

/// Which of Dapr's own APIs an app may use.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Api {
    /// The ones that are open; all others are then closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<ApiRule>,
}

/// One of Dapr's own APIs.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiRule {
    /// Its name (`invoke`).
    pub name: String,
    /// Its version (`v1`).
    pub version: String,
    /// `http` or `grpc`.
    pub protocol: String,
}

/// What a sidecar measures.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// On or off.
    pub enabled: bool,
    /// Labels of HTTP metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpMetrics>,
    /// Upper bounds of the latency histograms, in milliseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latency_distribution_buckets: Vec<i32>,
}

/// Labels of a sidecar's HTTP metrics.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct HttpMetrics {
    /// Whether raw paths become labels.
    pub increased_cardinality: bool,
    /// Patterns of paths that become labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path_matching: Vec<String>,
}
