use std::collections::BTreeMap;

use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// Fields of a Dapr resiliency: how often and for how long one app's sidecar tries. Dapr only logs an invalid one.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "dapr.io",
    version = "v1alpha1",
    kind = "Resiliency",
    plural = "resiliencies",
    namespaced,
    no_spec,
    schema = "disabled",
    derive = "PartialEq"
)]
pub struct ResiliencyFields {
    /// Policies, and what they apply to.
    pub spec: ResiliencySpec,
    /// App-ids that it holds for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

/// Policies, and what they apply to.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct ResiliencySpec {
    /// Policies by name. A name that a target misspells means no policy, silently.
    pub policies: Policies,
    /// What they apply to.
    pub targets: Targets,
}

/// Policies by name.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Policies {
    /// How often.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub retries: BTreeMap<String, Retry>,
    /// For how long (`20s`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timeouts: BTreeMap<String, String>,
    /// When not at all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub circuit_breakers: BTreeMap<String, CircuitBreaker>,
}

/// When a target is left alone for a while.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CircuitBreaker {
    /// Requests that try again once it is half open.
    pub max_requests: i32,
    /// How long it stays open (`30s`).
    pub timeout: String,
    /// The condition that opens it, in CEL; one that does not compile is logged and no more.
    pub trip: String,
}

/// How often something is tried again.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Retry {
    /// `constant` or `exponential`.
    pub policy: String,
    /// The pause, of a constant policy (`1s`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// The longest pause, of an exponential policy (`30s`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_interval: Option<String>,
    /// Further attempts after the first; always written, since Dapr's default is for ever.
    pub max_retries: i32,
    /// Which answers are worth another attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<RetryMatching>,
}

/// Which answers are worth another attempt.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryMatching {
    /// HTTP statuses (`408,429,500-599`).
    #[serde(rename = "httpStatusCodes", default, skip_serializing_if = "Option::is_none")]
    pub http_status_codes: Option<String>,
}

/// What policies apply to.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Apps that are called, by app-id. An entry switches Dapr's built-in retry of any verb off.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub apps: BTreeMap<String, TargetPolicies>,
    /// Components, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<String, ComponentTarget>,
}

/// Policies for one component.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentTarget {
    /// For what comes from it to the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound: Option<TargetPolicies>,
    /// For what the app sends to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound: Option<TargetPolicies>,
}

/// Policies by name.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TargetPolicies {
    /// How often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<String>,
    /// For how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// When not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<String>,
}
