//! How dashboards are delivered.

use std::collections::BTreeMap;

/// How dashboards are delivered.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DashboardSettings {
    /// Labels of the objects.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the objects.
    pub annotations: BTreeMap<String, String>,
    /// How the Grafana operator takes them; none where they are ConfigMaps.
    pub grafana_operator: Option<GrafanaOperatorSettings>,
}

/// How the Grafana operator takes dashboards.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GrafanaOperatorSettings {
    /// Labels of the `Grafana`s that show them.
    pub instance_selector: BTreeMap<String, String>,
    /// Title of the folder; none leaves it to the Grafana operator.
    pub folder: Option<String>,
    /// Pause between two looks whether Grafana still shows them.
    pub resync_period_seconds: u32,
    /// Whether a `Grafana` of another namespace may show them.
    pub allow_cross_namespace_import: bool,
}
