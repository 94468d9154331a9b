//! Who may connect to whom, decided.

use todoplatform_api::NetworkRule;

/// Who may connect to whom.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct NetworkPolicySettings {
    /// Namespaces that may reach the gateway; empty for everybody.
    pub ingress_namespaces: Vec<String>,
    /// Namespaces that may read metrics; empty for Prometheus by its label.
    pub monitoring_namespaces: Vec<String>,
    /// Namespace of Dapr's control plane.
    pub dapr_namespace: String,
    /// Namespace of the operator, which asks the sidecars; none for any.
    pub operator_namespace: Option<String>,
    /// Addresses of what the platform does not run; empty for any.
    pub external_cidrs: Vec<String>,
    /// Port of an external database.
    pub database_port: u16,
    /// Port of an external cache.
    pub cache_port: u16,
    /// Further connections to pods of the platform.
    pub extra_ingress: Vec<NetworkRule>,
    /// Further connections from pods of the platform.
    pub extra_egress: Vec<NetworkRule>,
}
