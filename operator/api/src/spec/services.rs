//! `spec.services`: what differs from the profile for one service.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Autoscaling, EnvVar, LogLevel, PodOptions, Resources};
use crate::rules;
use serde_json::{Map, Value};

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
    /// Whether the service runs; false takes all its objects away and whatever depends on them. Default of both profiles: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
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
    /// Secrets and ConfigMaps whose every key becomes an environment variable. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["kind".into(), "name".into()]))]
    pub env_from: Vec<EnvFrom>,
    /// Keys of the service's own configuration file, merged into what the operator writes there; a key that the operator sets is refused. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(schema_with = "crate::schema::free_object")]
    pub config: Map<String, Value>,
    /// Level of the service's log. Default of both profiles: `info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<LogLevel>,
    /// Where its pods run and what they carry. Default of both profiles: `spec.podDefaults`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodOptions>,
    /// How many pods a drained node may take away. Default of development: any; of production: one at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_disruption_budget: Option<PodDisruptionBudget>,
    /// Its ServiceAccount. Default of both profiles: without annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccountOptions>,
    /// The sidecar of this service. Default of both profiles: what `spec.dapr` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dapr: Option<ServiceDapr>,
    /// Leaves the service's objects exactly as they are: the operator neither writes nor deletes them. Default of both profiles: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
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
    /// How the sidecar asks the service whether it serves; while it does not, it gets no calls and no events. Default of both profiles: every 5 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_health: Option<AppHealth>,
}

/// How the sidecar asks an application whether it serves.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AppHealth {
    /// Whether it asks. Default of both profiles: true for the platform's own services, false for extra services without `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Path that it asks for. Default of both profiles: `/healthz`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^/[-A-Za-z0-9._~/]*$"))]
    pub path: Option<String>,
    /// Seconds between two questions. Default of both profiles: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub interval_seconds: Option<i32>,
    /// How long an answer may take, in milliseconds. Default of both profiles: 2000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 60_000))]
    pub timeout_milliseconds: Option<i32>,
    /// Failures in a row after which it counts as not serving. Default of both profiles: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub threshold: Option<i32>,
}

/// A Secret or a ConfigMap whose every key becomes an environment variable.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct EnvFrom {
    /// `Secret` or `ConfigMap`. Required.
    pub kind: EnvFromKind,
    /// Name of the object, in the namespace of the TodoPlatform. Required.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    )]
    pub name: String,
    /// What stands before every key. Default of both profiles: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub prefix: Option<String>,
}

/// What environment variables are taken from.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[schemars(transform = crate::schema::undescribed)]
pub enum EnvFromKind {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}

impl EnvFromKind {
    /// The value as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }
}

/// How many pods of an application a drained node may take away. Made only from two pods on.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::PDB_ONE_OF.rule())]
#[serde(rename_all = "camelCase")]
pub struct PodDisruptionBudget {
    /// Whether there is one. Default of development: false; of production: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Pods that must stay; fewer than `replicas`, or no node could ever be drained. At most one of `minAvailable` and `maxUnavailable` is set. Default of both profiles: as `maxUnavailable` leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 99))]
    pub min_available: Option<i32>,
    /// Pods that may be away at once. Default of both profiles: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub max_unavailable: Option<i32>,
}

/// The ServiceAccount of an application.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountOptions {
    /// Its annotations, such as the cloud's role (`eks.amazonaws.com/role-arn`). Default of both profiles: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::annotation_map")]
    pub annotations: BTreeMap<String, String>,
}
