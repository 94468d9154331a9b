//! How clients reach the platform.

use todoplatform_api::ServiceType;

/// How clients reach the gateway.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySettings {
    /// Browser origins that may call.
    pub cors_origins: Vec<String>,
    /// Requests per user and period.
    pub requests: i32,
    /// The period in seconds.
    pub period_seconds: i32,
    /// Requests at once.
    pub burst: i32,
    /// Type of its Service.
    pub service_type: ServiceType,
    /// Port on every node.
    pub node_port: Option<i32>,
}
