//! Kafka, by the platform's own exporter. Which member has a partition is among the labels, so that series end when a
//! group rebalances.

use super::{Metric, SCRAPED, Source, Unit};

const GROUP: &[&str] = &["cluster_name", "group"];
const GROUP_TOPIC: &[&str] = &["cluster_name", "group", "topic"];
const MEMBER: &[&str] = &[
    "cluster_name",
    "group",
    "topic",
    "partition",
    "member_host",
    "consumer_id",
    "client_id",
];

pub(super) const SOURCE: Source = Source {
    title: "Kafka",
    target_labels: SCRAPED,
    metrics: &[
        Metric::gauge(
            "kafka_lag_exporter_up",
            Unit::Truth,
            &[],
            "Whether the exporter reaches Kafka",
        ),
        Metric::gauge(
            "kafka_partition_latest_offset",
            Unit::Count,
            &["cluster_name", "topic", "partition"],
            "Offset after the newest event",
        ),
        Metric::gauge(
            "kafka_partition_earliest_offset",
            Unit::Count,
            &["cluster_name", "topic", "partition"],
            "Offset of the oldest event",
        ),
        Metric::gauge(
            "kafka_consumergroup_group_offset",
            Unit::Count,
            MEMBER,
            "Offset that a consumer group has committed",
        ),
        Metric::gauge(
            "kafka_consumergroup_group_lag",
            Unit::Count,
            MEMBER,
            "Events of a partition that a consumer group has not handled",
        ),
        Metric::gauge(
            "kafka_consumergroup_group_lag_seconds",
            Unit::Seconds,
            &[
                "cluster_name",
                "group",
                "topic",
                "partition",
                "member_host",
                "consumer_id",
                "client_id",
                "compaction_detected",
                "data_loss_detected",
            ],
            "How far a consumer group is behind, by the pace at which events come",
        ),
        Metric::gauge(
            "kafka_consumergroup_group_topic_sum_lag",
            Unit::Count,
            GROUP_TOPIC,
            "Events of a topic that a consumer group has not handled",
        ),
        Metric::gauge(
            "kafka_consumergroup_group_sum_lag",
            Unit::Count,
            GROUP,
            "Events that a consumer group has not handled",
        ),
        Metric::gauge(
            "kafka_consumergroup_group_state",
            Unit::Count,
            GROUP,
            "State of a consumer group as a number: 3 is stable, 4 dead, 5 empty",
        ),
    ],
};
