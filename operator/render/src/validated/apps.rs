//! The applications and their sidecars.

use todoplatform_api::{EnvVar, LogLevel};

use super::{AutoscalingSettings, ContainerResources};
use crate::{graph::Node, image::ImageRef};

/// One application.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// Which one, and its place among the others.
    pub node: Node,
    /// Its image.
    pub image: ImageRef,
    /// Number of pods; with an autoscaler the least.
    pub replicas: i32,
    /// The autoscaler.
    pub autoscaling: Option<AutoscalingSettings>,
    /// CPU and memory of its container.
    pub resources: ContainerResources,
    /// The user's environment variables.
    pub env: Vec<EnvVar>,
    /// Level of its log.
    pub log_level: LogLevel,
    /// Its sidecar.
    pub sidecar: SidecarSettings,
}

/// The sidecar of one application.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}
