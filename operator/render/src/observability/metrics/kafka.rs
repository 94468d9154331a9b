//! Kafka, by the exporter that is a part of Strimzi's.

use super::{Metric, SCRAPED, Source, Unit};

const PARTITION: &[&str] = &["topic", "partition"];
const GROUP_PARTITION: &[&str] = &["consumergroup", "topic", "partition"];

pub(super) const SOURCE: Source = Source {
    title: "Kafka of Strimzi",
    target_labels: SCRAPED,
    metrics: &[
        Metric::gauge(
            "kafka_brokers",
            Unit::Count,
            &[],
            "Brokers that the exporter knows",
        ),
        Metric::gauge(
            "kafka_topic_partition_current_offset",
            Unit::Count,
            PARTITION,
            "Offset after the newest event",
        ),
        Metric::gauge(
            "kafka_topic_partition_oldest_offset",
            Unit::Count,
            PARTITION,
            "Offset of the oldest event",
        ),
        Metric::gauge(
            "kafka_topic_partition_under_replicated_partition",
            Unit::Truth,
            PARTITION,
            "Whether a replica of the partition is behind",
        ),
        Metric::gauge(
            "kafka_topic_partition_in_sync_replica",
            Unit::Count,
            PARTITION,
            "Replicas that are up to date",
        ),
        Metric::gauge(
            "kafka_consumergroup_current_offset",
            Unit::Count,
            GROUP_PARTITION,
            "Offset that a consumer group has committed",
        ),
        Metric::gauge(
            "kafka_consumergroup_lag",
            Unit::Count,
            GROUP_PARTITION,
            "Events that a consumer group has not handled; -1 before its first commit",
        ),
        Metric::gauge(
            "kafka_consumergroup_members",
            Unit::Count,
            &["consumergroup"],
            "Members of a consumer group",
        ),
    ],
};
