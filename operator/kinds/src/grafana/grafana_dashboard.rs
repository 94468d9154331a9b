use std::collections::BTreeMap;

use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// A dashboard, and which Grafanas show it.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "grafana.integreatly.org",
    version = "v1beta1",
    kind = "GrafanaDashboard",
    namespaced,
    schema = "disabled",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct GrafanaDashboardSpec {
    /// Which `Grafana`s. It cannot be changed.
    pub instance_selector: InstanceSelector,
    /// Whether a `Grafana` of another namespace may show it. It cannot be taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_cross_namespace_import: bool,
    /// Title of its folder; absent means the one that is called as the namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Pause between two looks whether Grafana still shows it, as Go writes it (`10m0s`): the Grafana operator writes it back so.
    pub resync_period: String,
    /// The dashboard in Grafana's classic form.
    pub json: String,
}

/// Which `Grafana`s, by labels.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct InstanceSelector {
    /// Labels that a `Grafana` has.
    pub match_labels: BTreeMap<String, String>,
}
