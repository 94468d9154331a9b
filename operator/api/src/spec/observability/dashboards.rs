//! `spec.observability.dashboards`: dashboards for Grafana.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// Dashboards for Grafana: one each for an overview, a single application, Dapr, events, stores and SLOs.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::DASHBOARDS_GRAFANA_OPERATOR.rule())]
#[serde(rename_all = "camelCase")]
pub struct Dashboards {
    /// Whether they are made. Default of both profiles: true where `monitoring.enabled` is and the cluster serves PrometheusRule, or GrafanaDashboard is the `delivery`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// As which kind: `ConfigMap` for the sidecar of Grafana's chart, `GrafanaOperator` for GrafanaDashboard. Default of both profiles: `ConfigMap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DashboardDelivery>,
    /// Labels of the objects: the sidecar looks for one. Default of both profiles: `grafana_dashboard: "1"` with `ConfigMap`, none with `GrafanaOperator`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::label_map")]
    pub labels: BTreeMap<String, String>,
    /// Annotations of the objects, such as the one that names the sidecar's folder (`grafana_folder: Todo`). Default of both profiles: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::annotation_map")]
    pub annotations: BTreeMap<String, String>,
    /// How the Grafana operator takes them; with `delivery: GrafanaOperator`. Default of both profiles: as its fields say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grafana_operator: Option<GrafanaOperator>,
}

/// As which kind a dashboard is delivered.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
pub enum DashboardDelivery {
    /// A ConfigMap each.
    #[default]
    ConfigMap,
    /// A `GrafanaDashboard` each.
    GrafanaOperator,
}

/// How the Grafana operator takes the dashboards.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GrafanaOperator {
    /// Labels of the `Grafana`s that show them. Default of both profiles: `dashboards: grafana`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::label_map")]
    pub instance_selector: BTreeMap<String, String>,
    /// Title of the folder. Default of both profiles: the name of the namespace, as the Grafana operator chooses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[^\r\n]+$"))]
    pub folder: Option<String>,
    /// Pause in seconds between two looks whether Grafana still shows them as they are. Default of both profiles: 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 86_400))]
    pub resync_period_seconds: Option<i32>,
    /// Whether a `Grafana` of another namespace may show them. Default of both profiles: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_cross_namespace_import: Option<bool>,
}
