//! `spec.dapr.resiliency`: how often and for how long the sidecars try.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// A set of numbers for events and calls.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
#[serde(rename_all = "lowercase")]
pub enum ResiliencyPreset {
    /// A few minutes per event.
    #[default]
    Default,
    /// Handlers that take long, and dependencies that are away for a while.
    Patient,
    /// Dead letters within seconds.
    Impatient,
}

/// How often and for how long the sidecars try.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Resiliency {
    /// The numbers where nothing else is set: `default` (8 retries at most 30 seconds apart, 20 seconds each, calls 30 seconds), `patient` (15, 60, 60, 60) or `impatient` (3, 5, 5, 10). Default of both profiles: `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<ResiliencyPreset>,
    /// Further attempts to hand an event to a service, after the first; then it goes to the dead letters. Default of both profiles: the preset's, 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub max_retries: Option<i32>,
    /// Longest pause between two attempts, in seconds. Default of both profiles: the preset's, 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub max_interval_seconds: Option<i32>,
    /// How long one attempt may take, in seconds. Default of both profiles: the preset's, 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub handler_timeout_seconds: Option<i32>,
    /// How long a call of one service to another may take, in seconds. Default of both profiles: the preset's, 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub call_timeout_seconds: Option<i32>,
    /// What differs for one service that is called or one component. Default of both profiles: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub targets: Vec<ResiliencyTarget>,
}

/// What differs for one target.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::RESILIENCY_TARGET_NOT_EMPTY.rule())]
#[serde(rename_all = "camelCase")]
pub struct ResiliencyTarget {
    /// A service that others call (`task`), the events of one (`scheduler-events`), or its state store (`notification-state`). Required.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// How long one attempt may take, in seconds. Default of both profiles: as without this target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub timeout_seconds: Option<i32>,
    /// Further attempts. Of calls to a service only what it did not take (502, 503, 504) is sent again, whatever the verb. Default of both profiles: as without this target, for calls none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<TargetRetry>,
    /// When it is left alone for a while. Default of both profiles: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<CircuitBreaker>,
}

/// Further attempts.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TargetRetry {
    /// How many, after the first. Default of both profiles: the preset's for events, 3 for anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub max_retries: Option<i32>,
    /// Longest pause between two, in seconds. Default of both profiles: the preset's for events, 5 for anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub max_interval_seconds: Option<i32>,
}

/// When a target is left alone for a while.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CircuitBreaker {
    /// Failures in a row that open it. Default of both profiles: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub consecutive_failures: Option<i32>,
    /// How long it stays open before one request tries again, in seconds. Default of both profiles: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub open_seconds: Option<i32>,
}
