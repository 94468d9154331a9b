//! The topics on Kafka and Redpanda.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The topics on Kafka and Redpanda: those of the catalog and the dead letters of their consumers.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Topics {
    /// Whether the operator makes the topics that are missing. None is ever deleted, and none that exists is altered: what differs is reported. With false, missing topics are reported by name and hold back the first start. Default of both profiles: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manage: Option<bool>,
    /// Partitions of a topic: the most pods of one service that can consume at once. Dead letters have one. Default of development: 1; of production: 6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub partitions: Option<i32>,
    /// Brokers that hold each partition, of dead letters too. Default of both profiles: the broker's `default.replication.factor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9))]
    pub replication_factor: Option<i32>,
    /// How long events are kept (`72h`, `7d`). Default of both profiles: `7d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 7), regex(pattern = r"^[1-9][0-9]{0,5}[mhd]$"))]
    pub retention: Option<String>,
    /// How long dead letters are kept (`72h`, `30d`). Default of both profiles: `30d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 7), regex(pattern = r"^[1-9][0-9]{0,5}[mhd]$"))]
    pub dead_letter_retention: Option<String>,
    /// Topics that differ. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["topic".into()]))]
    pub overrides: Vec<TopicOverride>,
}

/// What differs for one topic.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TopicOverride {
    /// Name of the topic without its prefix (`task.created`). Required.
    #[schemars(length(min = 1, max = 100), regex(pattern = r"^[a-zA-Z0-9._-]+$"))]
    pub topic: String,
    /// Its partitions. Default of both profiles: `topics.partitions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub partitions: Option<i32>,
    /// Brokers that hold each of its partitions. Default of both profiles: `topics.replicationFactor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9))]
    pub replication_factor: Option<i32>,
    /// How long its events are kept. Default of both profiles: `topics.retention`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 7), regex(pattern = r"^[1-9][0-9]{0,5}[mhd]$"))]
    pub retention: Option<String>,
}
