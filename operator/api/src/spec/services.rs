//! `spec.services`: what differs from the profile for one service.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Autoscaling, EnvVar, LogLevel, Resources};
use crate::rules;

/// What differs from the profile, by service.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Services {
    /// The gateway: tokens, rate limit, forwarding. Default of both profiles: no differences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Service>,
    /// Tasks and their events. Default of both profiles: no differences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Service>,
    /// Reminders. Default of both profiles: no differences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<Service>,
    /// Mail to users. Default of both profiles: no differences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<Service>,
    /// Daily counts. Default of both profiles: no differences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analytics: Option<Service>,
}

/// What differs from the profile for one service.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::REPLICAS_OR_AUTOSCALING.rule())]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Full reference of the image. Default of both profiles: `<images.registry>/todo-<service>:<images.tag>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*[a-zA-Z0-9]$")
    )]
    pub image: Option<String>,
    /// Number of pods; 0 stops the service. Default of development: 1; of production: what the autoscaler says, at least 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub replicas: Option<i32>,
    /// The number of pods by load. Default of development: off; of production: on unless `replicas` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// CPU and memory of the container `app`. Default of development: 10m CPU, 32Mi memory, limit 128Mi; of production: 100m, 64Mi, limit 256Mi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Environment variables, merged over those that the operator sets. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub env: Vec<EnvVar>,
    /// Level of the service's log. Default of both profiles: `info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<LogLevel>,
    /// The sidecar of this service. Default of both profiles: what `spec.dapr` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dapr: Option<ServiceDapr>,
}

/// The sidecar of one service.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDapr {
    /// Level of the sidecar's log. Default of both profiles: `dapr.logLevel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<LogLevel>,
    /// CPU and memory of the sidecar. Default of both profiles: `dapr.sidecarResources`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Largest body of a request through the sidecar (`4Mi`). Default of both profiles: `4Mi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16), regex(pattern = r"^[1-9][0-9]*(Ki|Mi|Gi)$"))]
    pub max_body_size: Option<String>,
    /// How long the sidecar drains what is in flight once it stops, in seconds. Default of both profiles: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 600))]
    pub graceful_shutdown_seconds: Option<i32>,
    /// How long the sidecar goes on serving after it was told to stop, in seconds; longer than the service's own drain of 5 seconds. Default of development: 6; of production: 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 6, max = 600))]
    pub block_shutdown_seconds: Option<i32>,
}
