//! Brokers that another operator runs in the cluster.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KafkaSasl, KafkaTls};
use crate::rules;

/// A resource of another operator.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ClusterRef {
    /// Its name. Required.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    )]
    pub name: String,
    /// Its namespace. Default of both profiles: the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    )]
    pub namespace: Option<String>,
}

/// A `Kafka` (`kafka.strimzi.io/v1`, Strimzi 0.49 and later). Addresses and certificates are read from its status.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct StrimziKafka {
    /// The `Kafka`. In the platform's namespace topics are made as `KafkaTopic`s, else directly. Required.
    pub cluster_ref: ClusterRef,
    /// Name of the listener to use (`tls`). Whether it is encrypted, and by whose certificate, is read from the status of the `Kafka`. Required.
    #[schemars(length(min = 1, max = 11), regex(pattern = r"^[a-z0-9]{1,11}$"))]
    pub listener: String,
    /// The `KafkaUser` to log in as. Default of both profiles: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<StrimziUser>,
    /// The brokers' version of the protocol (`3.6.0`). Default of both profiles: `3.6.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16), regex(pattern = r"^[0-9]+\.[0-9]+\.[0-9]+$"))]
    pub version: Option<String>,
}

/// A `KafkaUser`.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct StrimziUser {
    /// Its name, which is that of its Secret too; the Secret is in the platform's namespace. Required.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    )]
    pub name: String,
    /// How it shows who it is: the `KafkaUser`'s `spec.authentication.type`. Default of both profiles: `scram-sha-512`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<UserAuthentication>,
}

/// How a `KafkaUser` shows who it is.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
pub enum UserAuthentication {
    /// With the key `password` of its Secret.
    #[default]
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
    /// With the keys `user.crt` and `user.key` of its Secret.
    #[serde(rename = "tls")]
    Tls,
}

/// A `Redpanda` (`cluster.redpanda.com/v1alpha2`). Its readiness is read; login and encryption are told here.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::KAFKA_TLS_NEEDS_CERTIFICATE.rule())]
#[serde(rename_all = "camelCase")]
pub struct RedpandaCluster {
    /// The `Redpanda`. Required.
    pub cluster_ref: ClusterRef,
    /// Port of its Kafka listener inside the cluster. Default of both profiles: 9093.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub port: Option<i32>,
    /// User and password. Default of both profiles: no authentication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sasl: Option<KafkaSasl>,
    /// Encryption. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<KafkaTls>,
    /// The brokers' version of the protocol. Default of both profiles: `2.0.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16), regex(pattern = r"^[0-9]+\.[0-9]+\.[0-9]+$"))]
    pub version: Option<String>,
}
