//! What of the platform is scraped, and how its stores say how they are.

use std::collections::BTreeMap;

/// What of the platform is scraped.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct MonitoringSettings {
    /// Labels by which a Prometheus selects the objects.
    pub labels: BTreeMap<String, String>,
    /// How the PostgreSQL says how it is.
    pub database: DatabaseMetrics,
    /// How the Redis of the cache says how it is.
    pub cache: CacheMetrics,
    /// How the broker says how it is.
    pub broker: BrokerMetrics,
}

/// How the PostgreSQL says how it is. Every target has the labels `namespace` and `platform` of the platform, wherever
/// its pods are.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum DatabaseMetrics {
    /// By the platform's own exporter (`pg_…`), container `postgres-exporter`.
    Exporter,
    /// By the ports of the CloudNativePG cluster's pods (`cnpg_…`).
    CloudNativePg {
        /// Name of the `Cluster`.
        name: String,
        /// Its namespace.
        namespace: String,
    },
    /// Nothing of it is scraped.
    None,
}

/// How the Redis of the cache says how it is.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum CacheMetrics {
    /// By the platform's own exporter (`redis_…`), container `redis-exporter`.
    Exporter,
    /// Nothing of it is scraped.
    None,
}

/// How the broker says how it is.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum BrokerMetrics {
    /// Redis streams, by the exporter of that Redis (`redis_stream_…`), container `redis-exporter`.
    RedisStreams,
    /// By the platform's own exporter of lag (`kafka_…`), container `kafka-exporter`.
    KafkaExporter,
    /// By the exporter that is a part of Strimzi's `Kafka` (`kafka_…`, with the same names).
    Strimzi {
        /// Name of the `Kafka`.
        name: String,
        /// Its namespace.
        namespace: String,
    },
    /// By the admin port of a `Redpanda`'s pods (`redpanda_…`).
    Redpanda {
        /// Name of the `Redpanda`.
        name: String,
        /// Its namespace.
        namespace: String,
    },
    /// Nothing of it is scraped.
    None,
}
