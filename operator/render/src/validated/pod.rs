//! Where pods run and what they carry.

use std::collections::BTreeMap;

use todoplatform_api::{Affinity, SpreadConstraint, Toleration};

/// Where an application's pods run and what they carry.
#[derive(serde::Serialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PodSettings {
    /// Labels that a node must have.
    pub node_selector: BTreeMap<String, String>,
    /// Taints that they tolerate.
    pub tolerations: Vec<Toleration>,
    /// Which nodes and which neighbours they want.
    pub affinity: Option<Affinity>,
    /// Over what they spread; nothing when they do not.
    pub spread: Vec<SpreadConstraint>,
    /// Their `PriorityClass`.
    pub priority_class_name: Option<String>,
    /// Annotations of the user's.
    pub annotations: BTreeMap<String, String>,
    /// Labels of the user's.
    pub labels: BTreeMap<String, String>,
}

/// How many pods a drained node may take away.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum DisruptionBudget {
    /// So many must stay.
    MinAvailable(i32),
    /// So many may be away.
    MaxUnavailable(i32),
}

/// One question by which Kubernetes knows how a container is.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ProbeSettings {
    /// Path of the question by HTTP; none asks whether the port takes connections.
    pub path: Option<String>,
    /// Name or number of the port.
    pub port: ProbePort,
    /// Seconds between two questions.
    pub period_seconds: i32,
    /// Failures in a row that count.
    pub failure_threshold: i32,
}

/// The port that is asked.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum ProbePort {
    /// A named port of the container.
    Name(&'static str),
    /// A port by its number.
    Number(i32),
}

/// What the container of an application runs, and how it is asked.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ContainerSettings {
    /// Command in place of the image's entry point.
    pub command: Vec<String>,
    /// Arguments of the command.
    pub args: Vec<String>,
    /// Whether it has started.
    pub startup: Option<ProbeSettings>,
    /// Whether it serves.
    pub readiness: ProbeSettings,
    /// Whether it lives.
    pub liveness: Option<ProbeSettings>,
}
