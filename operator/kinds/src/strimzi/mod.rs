//! `kafka.strimzi.io/v1`: Strimzi's topics, and what is read of its clusters.

use std::collections::BTreeMap;

use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// Label of a [`KafkaTopic`] with the name of its `Kafka`.
pub const CLUSTER_LABEL: &str = "strimzi.io/cluster";

/// A topic that Strimzi's topic operator makes.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "kafka.strimzi.io",
    version = "v1",
    kind = "KafkaTopic",
    namespaced,
    schema = "disabled",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct KafkaTopicSpec {
    /// Its name on the broker.
    pub topic_name: String,
    /// Its partitions.
    pub partitions: i32,
    /// Brokers that hold each partition; none leaves it to the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Its configuration, as Kafka calls it.
    pub config: BTreeMap<String, i64>,
}

/// What is read of a `Kafka`.
#[derive(Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct KafkaStatus {
    /// How it stands.
    #[serde(default)]
    pub conditions: Vec<KafkaCondition>,
    /// Where it listens.
    #[serde(default)]
    pub listeners: Vec<KafkaListener>,
}

/// How a `Kafka` stands.
#[derive(Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct KafkaCondition {
    /// `Ready` and others.
    #[serde(rename = "type")]
    pub condition_type: String,
    /// `True` or `False`.
    #[serde(default)]
    pub status: String,
    /// One word.
    #[serde(default)]
    pub reason: String,
}

/// Where a `Kafka` listens.
#[derive(Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct KafkaListener {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Hosts and ports, separated by commas.
    #[serde(default)]
    pub bootstrap_servers: Option<String>,
    /// Certificates (PEM) that the brokers' are signed by; none on a listener in clear.
    #[serde(default)]
    pub certificates: Vec<String>,
}
