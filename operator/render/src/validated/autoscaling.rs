//! The number of pods by load.

/// The number of a service's pods by load.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AutoscalingSettings {
    /// Least pods.
    pub min: i32,
    /// Most pods.
    pub max: i32,
    /// Share of the CPU requests that is aimed at, in percent.
    pub cpu: i32,
    /// Share of the memory requests that is aimed at, in percent.
    pub memory: Option<i32>,
    /// On the way up the most careful answer of so many seconds counts.
    pub up_window_seconds: i32,
    /// On the way down the most careful answer of so many seconds counts.
    pub down_window_seconds: i32,
    /// The events that wait count too.
    pub broker_lag: Option<BrokerLagSettings>,
}

/// Scaling by the events that wait.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct BrokerLagSettings {
    /// Waiting events that one pod is to work off.
    pub threshold: i32,
    /// Waiting events up to which nothing is done.
    pub activation: i32,
}
