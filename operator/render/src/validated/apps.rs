//! The applications and their sidecars.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use todoplatform_api::{EnvFrom, EnvVar, LogLevel};

use super::{
    AutoscalingSettings, ContainerResources, ContainerSettings, DisruptionBudget, HttpRouteSettings,
    IngressSettings, PodSettings,
};
use crate::{graph::Node, image::ImageRef};

/// One application.
#[derive(serde::Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// Which one, and its place among the others.
    #[serde(flatten)]
    pub node: Node,
    /// Its image.
    pub image: ImageRef,
    /// What its container runs, and how it is asked.
    pub container: ContainerSettings,
    /// Number of pods; with an autoscaler the least.
    pub replicas: i32,
    /// The autoscaler.
    pub autoscaling: Option<AutoscalingSettings>,
    /// CPU and memory of its container.
    pub resources: ContainerResources,
    /// The user's environment variables.
    pub env: Vec<EnvVar>,
    /// Secrets and ConfigMaps whose every key becomes an environment variable.
    pub env_from: Vec<EnvFrom>,
    /// The user's keys of its configuration.
    pub config: Map<String, Value>,
    /// Level of its log.
    pub log_level: LogLevel,
    /// Where its pods run and what they carry.
    pub pod: PodSettings,
    /// How many pods a drained node may take away; none without a budget.
    pub disruption_budget: Option<DisruptionBudget>,
    /// Annotations of its ServiceAccount.
    pub service_account_annotations: BTreeMap<String, String>,
    /// The Ingress to an app of the user's own; the gateway's is in [`super::GatewaySettings`].
    pub ingress: Option<IngressSettings>,
    /// The HTTPRoute to an app of the user's own; the gateway's is in [`super::GatewaySettings`].
    pub http_route: Option<HttpRouteSettings>,
    /// Whether its objects are left exactly as they are.
    pub paused: bool,
    /// Its sidecar.
    pub sidecar: SidecarSettings,
}

/// The sidecar of one application.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SidecarSettings {
    /// Level of its log.
    pub log_level: LogLevel,
    /// CPU and memory.
    pub resources: ContainerResources,
    /// Largest body of a request.
    pub max_body_size: String,
    /// How long it drains, in seconds.
    pub graceful_shutdown_seconds: i32,
    /// How long it goes on serving before that, in seconds.
    pub block_shutdown_seconds: i32,
    /// How it asks the application whether it serves; none when it does not ask.
    pub app_health: Option<AppHealthSettings>,
}

/// How a sidecar asks its application whether it serves.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AppHealthSettings {
    /// Path that it asks for.
    pub path: String,
    /// Seconds between two questions.
    pub interval_seconds: i32,
    /// How long an answer may take, in milliseconds.
    pub timeout_milliseconds: i32,
    /// Failures in a row that count.
    pub threshold: i32,
}

/// The applications as a map, by name.
pub(super) fn by_name<S: serde::Serializer>(apps: &[App], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(apps.iter().map(|app| (&app.node.name, app)))
}
