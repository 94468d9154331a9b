use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::{Endpoint, NamespaceSelector, Selector};

/// Which pods Prometheus scrapes, and how.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "monitoring.coreos.com",
    version = "v1",
    kind = "PodMonitor",
    namespaced,
    schema = "disabled",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct PodMonitorSpec {
    /// Which pods.
    pub selector: Selector,
    /// In which namespaces; absent means the monitor's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<NamespaceSelector>,
    /// Which of their ports.
    pub pod_metrics_endpoints: Vec<Endpoint>,
}
