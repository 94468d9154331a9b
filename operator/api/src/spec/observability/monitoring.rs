//! `spec.observability.monitoring`: what is scraped.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::Resources;

/// Objects for the Prometheus operator: PodMonitor, ServiceMonitor, PrometheusRule.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Monitoring {
    /// Whether they are made. Default of both profiles: true where the cluster serves their kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Labels by which your Prometheus selects them (`release: kube-prometheus-stack`). Default of both profiles: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::label_map")]
    pub labels: BTreeMap<String, String>,
    /// Programs that say how the stores are. They run where monitoring objects are made and the store has no metrics of its own: a CloudNativePG cluster, a Strimzi Kafka and a Redpanda have. Default of both profiles: for the embedded stores, and for a Kafka.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exporters: Option<Exporters>,
}

/// Programs that say how the stores are.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Exporters {
    /// Of the PostgreSQL (`pg_…`). Default of both profiles: runs beside an embedded PostgreSQL; beside an external one only with `enabled: true`, with the login of the task service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres: Option<Exporter>,
    /// Of the Redis (`redis_…`). Default of both profiles: runs beside an embedded Redis; beside an external one only with `enabled: true`, and not for sentinels or a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redis: Option<Exporter>,
    /// Of how far the consumers of a Kafka are behind (`kafka_…`). Default of both profiles: runs for a Kafka or Redpanda that is named by addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kafka: Option<Exporter>,
}

/// A program that says how a store is.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Exporter {
    /// Whether it runs. Default of both profiles: see the exporter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Full reference of its image. Default of both profiles: the operator's `--postgres-exporter-image`, `--redis-exporter-image` or `--kafka-exporter-image`, from `images.registry` if that is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*[a-zA-Z0-9]$")
    )]
    pub image: Option<String>,
    /// CPU and memory of its container. Default of both profiles: requests of 10m and 32Mi, a memory limit of 128Mi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}
