use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::{Endpoint, Selector};

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
    /// Which of their ports.
    pub pod_metrics_endpoints: Vec<Endpoint>,
}
