use std::collections::BTreeMap;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscalerBehavior;
use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// What is scaled, between which bounds, by what. KEDA makes a HorizontalPodAutoscaler of it.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "keda.sh",
    version = "v1alpha1",
    kind = "ScaledObject",
    namespaced,
    schema = "disabled",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct ScaledObjectSpec {
    /// What is scaled.
    pub scale_target_ref: ScaleTargetRef,
    /// Least pods.
    pub min_replica_count: i32,
    /// Most pods.
    pub max_replica_count: i32,
    /// The rest of the HorizontalPodAutoscaler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advanced: Option<Advanced>,
    /// By what; the one that asks for most pods decides.
    pub triggers: Vec<Trigger>,
}

/// What is scaled.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ScaleTargetRef {
    /// Its API version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// The rest of the HorizontalPodAutoscaler.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Advanced {
    /// The rest of the HorizontalPodAutoscaler.
    pub horizontal_pod_autoscaler_config: HorizontalPodAutoscalerConfig,
}

/// The rest of the HorizontalPodAutoscaler.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct HorizontalPodAutoscalerConfig {
    /// How fast it follows.
    pub behavior: HorizontalPodAutoscalerBehavior,
}

/// One reason to scale.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Trigger {
    /// Its type: `cpu`, `memory`, `kafka`, `redis-streams`.
    #[serde(rename = "type")]
    pub trigger_type: String,
    /// Its name; part of the metric's.
    pub name: String,
    /// Of `cpu` and `memory`: how the value is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_type: Option<String>,
    /// Its settings, all as text.
    pub metadata: BTreeMap<String, String>,
    /// The `TriggerAuthentication` with its credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_ref: Option<AuthenticationRef>,
}

/// The `TriggerAuthentication` with a trigger's credentials.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationRef {
    /// Its name, in the same namespace.
    pub name: String,
}
