//! What the operator answers: `TodoPlatform.status`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator answers.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct TodoPlatformStatus {
    /// The `metadata.generation` that this status speaks of; -1 until the operator has seen the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Ready`, and while True `Reconciling` or `Stalled`, which come first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// How many components are ready, of how many (`4/5`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub components_ready: Option<String>,
    /// Each component that the platform runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub components: Vec<ComponentStatus>,
    /// Each thing that the services need before their first start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub dependencies: Vec<DependencyStatus>,
    /// What holds `Ready` back, and what to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocking: Vec<Blocker>,
    /// Where the gateway answers: by the first host of its Ingress or HTTPRoute, else inside the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Version of the services that are running: the tag of their images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Kinds of objects that the platform goes without, because the API server does not serve them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["kind".into()]))]
    pub skipped: Vec<SkippedKind>,
    /// The newest `metadata.generation` that was sent in full; older than the spec while a pause holds it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_generation: Option<i64>,
    /// The last value of the annotation `todoplatform.dev/reconcile-requested-at` that was followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
    /// The greatest value of the annotations `todoplatform.dev/restart-requested-at` and `….<component>` that all pods were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_restart_at: Option<String>,
    /// The objects that the platform is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inventory: Vec<InventoryEntry>,
}

/// One component that the platform runs.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ComponentStatus {
    /// Name of the component: `gateway`, `task`, …, `postgres`, `redis`.
    pub name: String,
    /// Pods that the platform declares.
    pub desired: i32,
    /// Pods that run what is declared now.
    pub updated: i32,
    /// Pods that serve.
    pub ready: i32,
    /// Image that is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Revision of the Deployment or StatefulSet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// One word that says how the component stands; stable, for machines.
    pub reason: String,
    /// One sentence that says how the component stands.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What its sidecars say of themselves; absent for what has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dapr: Option<ComponentDapr>,
}

/// What the sidecars of one component say of themselves. Only those in pods of what is declared now are asked.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ComponentDapr {
    /// The component's id in Dapr.
    pub app_id: String,
    /// Sidecars that answered the operator.
    pub sidecars: i32,
    /// Version of Dapr that they run; several, with commas, while they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_version: Option<String>,
    /// Dapr components that each of them is to load.
    pub components_declared: i32,
    /// Of those, how many are loaded in the sidecar that has the fewest; absent while none answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub components_loaded: Option<i32>,
    /// Dapr components that some sidecar has not loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// Topics that each of them is to subscribe to, those with dead letters among them.
    pub subscriptions_declared: i32,
    /// Of those, how many are active in the sidecar that has the fewest; absent while none answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriptions_active: Option<i32>,
}

/// One thing that the services need before their first start.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DependencyStatus {
    /// `database`, `database-setup`, `cache`, `broker`, `topics` or `dapr`.
    pub name: String,
    /// What it is: `StatefulSet`, `PostgreSQL`, `CloudNativePG`, `Job`, `Redis`, `Kafka`, `Redpanda`, `Topics` or `DaprControlPlane`.
    pub kind: String,
    /// Whether it answered.
    pub ready: bool,
    /// One word that says how it stands; stable, for machines.
    pub reason: String,
    /// One sentence that says how it stands.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// One thing that holds `Ready` back.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Blocker {
    /// The component, dependency or field of the spec at fault.
    pub component: String,
    /// One word; stable, for machines.
    pub reason: String,
    /// One sentence that says what is wrong.
    pub message: String,
    /// What to do about it, as a command where there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next_action: String,
}

/// One kind of objects that the platform goes without.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SkippedKind {
    /// The kind: `PodMonitor`, `ScaledObject`, ….
    pub kind: String,
    /// One word that says why; stable, for machines: `CrdMissing`.
    pub reason: String,
    /// One sentence that says why, and what would change it.
    pub message: String,
}

/// One object of the platform.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct InventoryEntry {
    /// Kind of the object.
    pub kind: String,
    /// Name of the object, in the namespace of the TodoPlatform.
    pub name: String,
}
