//! `spec.observability.slos`: how good the platform is meant to be.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How good the platform is meant to be, over 30 days: service level objectives.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Slos {
    /// Whether objectives are recorded, with alerts on budgets that are spent too fast. Default of both profiles: true where the alerts are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What differs for single objectives, by name. Default of both profiles: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub objectives: Vec<SloObjective>,
}

/// What differs for one objective.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SloObjective {
    /// Its name: `<service>-availability`, `<service>-latency`, `event-delivery` or `reminders`. Required.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// Whether it is recorded. Default of both profiles: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Percentage that must be good, at least 95 and below 100 (`99.95`). Default of both profiles: 99.9 for availability, 99 for the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 6), regex(pattern = r"^9[5-9](\.[0-9]{1,3})?$"))]
    pub objective: Option<String>,
    /// What is good: at most so many milliseconds, one of the histogram's bounds; not for availability. Default of both profiles: 300 for latency, 30000 for `event-delivery`, 60000 for `reminders`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3_600_000))]
    pub threshold_milliseconds: Option<i32>,
    /// Requests, events or reminders per hour below which nobody is told: one failure of three is no trend. Default of both profiles: 36.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub minimum_per_hour: Option<i32>,
}
