use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::{Endpoint, Selector};

/// Which Services Prometheus scrapes, and how.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "monitoring.coreos.com",
    version = "v1",
    kind = "ServiceMonitor",
    namespaced,
    schema = "disabled",
    derive = "PartialEq"
)]
pub struct ServiceMonitorSpec {
    /// Which Services.
    pub selector: Selector,
    /// Which of their ports.
    pub endpoints: Vec<Endpoint>,
}
