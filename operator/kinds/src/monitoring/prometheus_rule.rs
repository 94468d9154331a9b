use std::collections::BTreeMap;

use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// Alerts and recorded series.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "monitoring.coreos.com",
    version = "v1",
    kind = "PrometheusRule",
    namespaced,
    schema = "disabled",
    derive = "PartialEq"
)]
pub struct PrometheusRuleSpec {
    /// Rules that are evaluated together.
    pub groups: Vec<Group>,
}

/// Rules that are evaluated together, one after the other.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its name, unique in the object.
    pub name: String,
    /// Pause between two evaluations (`2m`); absent means Prometheus' own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// One alert, or one recorded series.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Name of the series that it records; absent for an alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Name of the alert; absent for a recorded series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// What is recorded, or when the alert holds, in `PromQL`.
    pub expr: String,
    /// For how long an alert must hold (`5m`).
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub for_: Option<String>,
    /// For how long an alert stays after it has ceased to hold (`30m`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_firing_for: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What it tells people.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}
