//! Redpanda, by the public metrics of its brokers. Those of consumer groups are off until
//! `enable_consumer_group_metrics` of the cluster names `group`, `partition` and `consumer_lag`.

use super::{Metric, SCRAPED, Source, Unit};

const PARTITION: &[&str] = &["redpanda_namespace", "redpanda_topic", "redpanda_partition"];

pub(super) const SOURCE: Source = Source {
    title: "Redpanda",
    target_labels: SCRAPED,
    metrics: &[
        Metric::gauge(
            "redpanda_cluster_brokers",
            Unit::Count,
            &[],
            "Brokers of the cluster",
        ),
        Metric::gauge(
            "redpanda_kafka_max_offset",
            Unit::Count,
            PARTITION,
            "Offset after the newest event",
        ),
        Metric::gauge(
            "redpanda_kafka_under_replicated_replicas",
            Unit::Count,
            PARTITION,
            "Replicas of a partition that are behind",
        ),
        Metric::gauge(
            "redpanda_kafka_consumer_group_committed_offset",
            Unit::Count,
            &["redpanda_group", "redpanda_topic", "redpanda_partition"],
            "Offset that a consumer group has committed",
        ),
        Metric::gauge(
            "redpanda_kafka_consumer_group_consumers",
            Unit::Count,
            &["redpanda_group"],
            "Members of a consumer group",
        ),
        Metric::gauge(
            "redpanda_kafka_consumer_group_lag_sum",
            Unit::Count,
            &["redpanda_group"],
            "Events that a consumer group has not handled",
        ),
        Metric::gauge(
            "redpanda_kafka_consumer_group_lag_max",
            Unit::Count,
            &["redpanda_group"],
            "Events of one partition that a consumer group has not handled, at most",
        ),
        Metric::gauge(
            "redpanda_storage_disk_free_bytes",
            Unit::Bytes,
            &[],
            "Free space of a broker's disk",
        ),
        Metric::gauge(
            "redpanda_storage_disk_total_bytes",
            Unit::Bytes,
            &[],
            "Size of a broker's disk",
        ),
    ],
};
