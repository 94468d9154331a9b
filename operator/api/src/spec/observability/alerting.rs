//! `spec.observability.alerting`: the platform's alerts.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AlertSeverity;

/// The platform's alerts. They are there only where `monitoring` is.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Alerting {
    /// Whether alerts and the series that they need are made. Default of both profiles: true where `monitoring.enabled` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Labels of every alert, such as the team that is told (`team: todo`). Default of both profiles: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::label_map")]
    pub labels: BTreeMap<String, String>,
    /// Where the runbooks are: each alert links to a page below it. Default of both profiles: `https://github.com/todoplatform/todoplatform/blob/main/docs/runbooks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 8, max = 512), regex(pattern = r"^https?://[^\s]*[^\s/]$"))]
    pub runbook_url: Option<String>,
    /// What differs for single alerts, by name. Default of both profiles: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub overrides: Vec<AlertOverride>,
}

/// What differs for one alert.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AlertOverride {
    /// Its name (`TodoOutboxStalled`). Required.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z][A-Za-z0-9]*$"))]
    pub name: String,
    /// Whether it is made. Default of both profiles: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// How bad it is. Default of both profiles: as the alert's page says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<AlertSeverity>,
    /// For how long it must hold (`90s`, `5m`, `1h`; `0s` is at once). Default of both profiles: as the alert's page says.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 5), regex(pattern = r"^[0-9]{1,4}[smhd]$"))]
    pub for_: Option<String>,
    /// The number that it compares with, for an alert that has one. Default of both profiles: as the alert's page says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 20),
        regex(pattern = r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,6})?$")
    )]
    pub threshold: Option<String>,
    /// Labels of this alert. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::label_map")]
    pub labels: BTreeMap<String, String>,
}
