//! `spec.services.<name>.autoscaling`: how many pods a service has by its load.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// How many pods a service has by its load. While it is on, an autoscaler owns the number of pods.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::AUTOSCALING_BOUNDS.rule())]
#[serde(rename_all = "camelCase")]
pub struct Autoscaling {
    /// Whether an autoscaler owns the number of pods. Default of development: false; of production: true, unless the service has `replicas`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Least pods. Default of development: 1; of production: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub min_replicas: Option<i32>,
    /// Most pods. Default of development: 3; of production: gateway and task 10, scheduler and analytics 4, notification 6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_replicas: Option<i32>,
    /// The share of the CPU requests of app and sidecar that is aimed at, in percent. Default of both profiles: 70.
    #[serde(
        rename = "targetCPUUtilizationPercentage",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(range(min = 1, max = 1000))]
    pub target_cpu_utilization_percentage: Option<i32>,
    /// The share of the memory requests of app and sidecar that is aimed at, in percent. Default of both profiles: memory does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub target_memory_utilization_percentage: Option<i32>,
    /// How fast the number of pods follows. Default of both profiles: up at once, down after 300 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behavior: Option<ScalingBehavior>,
    /// Scales a service that consumes events by those that wait for it too, where KEDA is installed; without KEDA by CPU and memory alone, which the condition `Degraded` says. Default of both profiles: events do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker_lag: Option<BrokerLag>,
}

/// How fast the number of pods follows the load.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ScalingBehavior {
    /// On the way up. Default of both profiles: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_up: Option<ScalingWindow>,
    /// On the way down. Default of both profiles: after 300 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down: Option<ScalingWindow>,
}

/// How long the autoscaler looks back.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ScalingWindow {
    /// The most careful answer of so many seconds counts. Default of both profiles: 0 on the way up, 300 on the way down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub stabilization_window_seconds: Option<i32>,
}

/// Scaling by the events that wait.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct BrokerLag {
    /// Waiting events that one pod is to work off. Default of both profiles: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub threshold: Option<i32>,
    /// Waiting events up to which nothing is done. Default of both profiles: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub activation: Option<i32>,
}
