//! `spec.broker`: what carries the events.

mod clusters;
mod kafka;
mod topics;

pub use clusters::{ClusterRef, RedpandaCluster, StrimziKafka, StrimziUser, UserAuthentication};
pub use kafka::{KafkaBroker, KafkaSasl, KafkaTls, SaslMechanism};
pub use topics::{TopicOverride, Topics};

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EmbeddedStore, SecretKeyRef};
use crate::rules;

/// What carries the events between the services.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::BROKER_ONE_OF.rule(), validation = rules::TOPICS_NEED_KAFKA.rule())]
#[serde(rename_all = "camelCase")]
pub struct Broker {
    /// Redis streams. Exactly one of the five brokers is set. Default of development: the Redis that the platform runs; production needs `redis.external` or another broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redis: Option<RedisBroker>,
    /// A Kafka of your own, by its addresses. Exactly one of the five brokers is set. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kafka: Option<KafkaBroker>,
    /// A Redpanda of your own, by its addresses. Exactly one of the five brokers is set. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redpanda: Option<KafkaBroker>,
    /// A `Kafka` resource of Strimzi in the cluster. Exactly one of the five brokers is set. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strimzi: Option<StrimziKafka>,
    /// A `Redpanda` resource of Redpanda's operator in the cluster. Exactly one of the five brokers is set. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redpanda_cluster: Option<RedpandaCluster>,
    /// What stands before the name of every topic. Default of both profiles: nothing on the Redis that the platform runs, `<namespace>.<platform>.` on any other broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100), regex(pattern = r"^[a-zA-Z0-9._-]*$"))]
    pub topic_prefix: Option<String>,
    /// The topics on Kafka and Redpanda; Redis has none that would have to be made. Default of both profiles: the operator makes what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topics: Option<Topics>,
}

/// Redis streams as the broker.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::BROKER_REDIS_ONE_OF.rule())]
#[serde(rename_all = "camelCase")]
pub struct RedisBroker {
    /// The Redis that the platform runs; the same one as `cache.embedded`, whose settings win. Exactly one of `embedded` and `external` is set. Default of development: this one; refused by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedded: Option<EmbeddedStore>,
    /// A Redis of your own. Exactly one of `embedded` and `external` is set. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalRedisBroker>,
}

/// A Redis of your own as the broker.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExternalRedisBroker {
    /// Host and port (`redis.example:6379`). Required.
    #[schemars(
        length(min = 1, max = 259),
        regex(pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?:[0-9]{1,5}$")
    )]
    pub host: String,
    /// The key of a Secret with the password. Default of both profiles: no password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_key_ref: Option<SecretKeyRef>,
    /// Whether the connection is encrypted. Default of both profiles: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_tls: Option<bool>,
}
