use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a monitor selects, by labels.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Selector {
    /// Labels that a target has.
    pub match_labels: BTreeMap<String, String>,
}

/// Namespaces in which a monitor looks.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceSelector {
    /// Their names.
    pub match_names: Vec<String>,
}

/// One port of what a monitor selects.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Name of the port.
    pub port: String,
    /// Path of the metrics.
    pub path: String,
    /// Pause between two scrapes (`30s`).
    pub interval: String,
    /// How long a scrape may take; at most the interval.
    pub scrape_timeout: String,
    /// What becomes of a target's labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relabelings: Vec<Relabeling>,
    /// What becomes of a sample's labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metric_relabelings: Vec<Relabeling>,
}

/// What becomes of a label.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Relabeling {
    /// Labels that it reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_labels: Vec<String>,
    /// Label that it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_label: Option<String>,
    /// Text that it writes in place of what it read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// Expression that it matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// What it does; absent means `replace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}
