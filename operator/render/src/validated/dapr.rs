//! What all sidecars share.

/// How events are offered to a service.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ResiliencySettings {
    /// Further attempts after the first.
    pub max_retries: i32,
    /// Longest pause in seconds.
    pub max_interval_seconds: i32,
    /// How long one attempt may take, in seconds.
    pub handler_timeout_seconds: i32,
}
