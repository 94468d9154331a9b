//! Where pods run and what they carry: `spec.podDefaults`, and `pod` of each application.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// Where pods run and what they carry. A field of an application takes the place of the same field of `spec.podDefaults`;
/// maps are merged, the application's key over the default's.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PodOptions {
    /// Labels that a node must have. Default of both profiles: any node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::label_map")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that the pods tolerate, one entry per key. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["key".into()]))]
    pub tolerations: Vec<Toleration>,
    /// Which nodes and which neighbours the pods want. Default of both profiles: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Affinity>,
    /// How an application's pods spread over zones and nodes. Default of development: not at all; of production: over zones and nodes, as far as there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topology_spread: Option<TopologySpread>,
    /// `PriorityClass` of the pods. Default of both profiles: the cluster's default class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    )]
    pub priority_class_name: Option<String>,
    /// Annotations of the pods. Keys of `dapr.io` and `todoplatform.dev` are the operator's and are refused. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::annotation_map")]
    pub annotations: BTreeMap<String, String>,
    /// Labels of the pods. Keys of `app.kubernetes.io`, `dapr.io` and `todoplatform.dev` are the operator's and are refused. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::label_map")]
    pub labels: BTreeMap<String, String>,
}

/// A taint that pods tolerate.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::TOLERATION_VALUE.rule())]
#[serde(rename_all = "camelCase")]
pub struct Toleration {
    /// Key of the taint. Required.
    #[schemars(length(min = 1, max = 317), regex(pattern = r"^[a-zA-Z0-9][-a-zA-Z0-9_./]*$"))]
    pub key: String,
    /// Value of the taint. Default of both profiles: any value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub value: Option<String>,
    /// Effect of the taint. Default of both profiles: every effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<TaintEffect>,
    /// For how long a pod stays after a taint of effect `NoExecute` came, in seconds. Default of both profiles: for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 604_800))]
    pub toleration_seconds: Option<i64>,
}

/// What a taint does to pods that do not tolerate it.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
pub enum TaintEffect {
    /// They are not scheduled.
    NoSchedule,
    /// They are scheduled elsewhere if possible.
    PreferNoSchedule,
    /// They are driven away.
    NoExecute,
}

impl TaintEffect {
    /// The value as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

/// Which nodes and which neighbours pods want.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Affinity {
    /// What a node must be; all of it. Default of both profiles: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["key".into()]))]
    pub required_nodes: Vec<NodeRequirement>,
    /// What a node had better be; each counts the same. Default of both profiles: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["key".into()]))]
    pub preferred_nodes: Vec<NodeRequirement>,
    /// Pods of the namespace to be near to. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["topologyKey".into()]))]
    pub near: Vec<Neighbour>,
    /// Pods of the namespace to keep away from. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["topologyKey".into()]))]
    pub away_from: Vec<Neighbour>,
}

/// What a label of a node is to be.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::NODE_REQUIREMENT_VALUES.rule())]
#[serde(rename_all = "camelCase")]
pub struct NodeRequirement {
    /// Key of the label. Required.
    #[schemars(length(min = 1, max = 317), regex(pattern = r"^[a-zA-Z0-9][-a-zA-Z0-9_./]*$"))]
    pub key: String,
    /// How the label compares with `values`. Default of both profiles: `In`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<NodeOperator>,
    /// Values to compare with; none for `Exists` and `DoesNotExist`. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 63)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub values: Vec<String>,
}

/// How a node's label compares with values.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
pub enum NodeOperator {
    /// It is one of them.
    In,
    /// It is none of them.
    NotIn,
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
}

impl NodeOperator {
    /// The value as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
        }
    }
}

/// Pods of the namespace to be near to, or away from.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Neighbour {
    /// Label of nodes that says what one place is (`kubernetes.io/hostname`). Required.
    #[schemars(length(min = 1, max = 317), regex(pattern = r"^[a-zA-Z0-9][-a-zA-Z0-9_./]*$"))]
    pub topology_key: String,
    /// Labels of the other pods. Required.
    #[schemars(schema_with = "crate::schema::label_map")]
    pub match_labels: BTreeMap<String, String>,
    /// Whether a pod waits rather than run elsewhere. Default of both profiles: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
}

/// How an application's pods spread.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::TOPOLOGY_SPREAD_CONSTRAINTS.rule())]
#[serde(rename_all = "camelCase")]
pub struct TopologySpread {
    /// Whether they spread. Default of development: false, unless `constraints` are set; of production: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Over what. Default of both profiles: `topology.kubernetes.io/zone` and `kubernetes.io/hostname`, one pod apart at most, as far as there is room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["topologyKey".into()]))]
    pub constraints: Vec<SpreadConstraint>,
}

/// Over what pods spread.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SpreadConstraint {
    /// Label of nodes that says what one place is. Required.
    #[schemars(length(min = 1, max = 317), regex(pattern = r"^[a-zA-Z0-9][-a-zA-Z0-9_./]*$"))]
    pub topology_key: String,
    /// How many more pods one place may have than another. Default of both profiles: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub max_skew: Option<i32>,
    /// What happens to a pod that fits nowhere so. Default of both profiles: `ScheduleAnyway`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_unsatisfiable: Option<WhenUnsatisfiable>,
}

/// What happens to a pod that would spread unevenly wherever it runs.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
pub enum WhenUnsatisfiable {
    /// It waits.
    DoNotSchedule,
    /// It runs anyway.
    ScheduleAnyway,
}

impl WhenUnsatisfiable {
    /// The value as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DoNotSchedule => "DoNotSchedule",
            Self::ScheduleAnyway => "ScheduleAnyway",
        }
    }
}
