//! What of the platform is scraped, and how its stores say how they are.

use std::collections::BTreeMap;

use super::ContainerResources;
use crate::image::ImageRef;

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
    /// The programs that say how stores are that have no metrics of their own.
    pub exporters: BTreeMap<ExporterKind, ExporterSettings>,
}

/// A program that says how a store is.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExporterSettings {
    /// Its image.
    pub image: ImageRef,
    /// CPU and memory of its container.
    pub resources: ContainerResources,
}

/// Which store a program asks.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub enum ExporterKind {
    /// prometheus-community's `postgres_exporter`.
    Postgres,
    /// oliver006's `redis_exporter`.
    Redis,
    /// softwaremill's `klag-exporter`.
    Kafka,
}

impl ExporterKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::Redis, Self::Kafka];

    /// The store's word in the spec.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Kafka => "kafka",
        }
    }

    /// The component's name: the part of a child's name after `<platform>-`, and the name of the container.
    pub fn component(self) -> &'static str {
        match self {
            Self::Postgres => "postgres-exporter",
            Self::Redis => "redis-exporter",
            Self::Kafka => "kafka-exporter",
        }
    }

    /// Where it listens: the port that each program has by default.
    pub fn port(self) -> u16 {
        match self {
            Self::Postgres => 9187,
            Self::Redis => 9121,
            Self::Kafka => 8000,
        }
    }
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
    /// By the platform's own exporter of lag (`kafka_consumergroup_group_…`, `kafka_partition_…`), container
    /// `kafka-exporter`.
    KafkaExporter,
    /// By the exporter that is a part of Strimzi's `Kafka` (`kafka_consumergroup_…`, `kafka_topic_partition_…`), another
    /// program with names of its own.
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
