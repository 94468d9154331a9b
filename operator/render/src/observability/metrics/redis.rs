//! Redis, by its exporter. The ids of streams are milliseconds since 1970.

use super::{Metric, SCRAPED, Source, Unit};

const GROUP: &[&str] = &["db", "stream", "group"];

pub(super) const SOURCE: Source = Source {
    title: "Redis",
    target_labels: SCRAPED,
    metrics: &[
        Metric::gauge("redis_up", Unit::Truth, &[], "Whether the exporter reaches Redis"),
        Metric::gauge(
            "redis_memory_used_bytes",
            Unit::Bytes,
            &[],
            "Memory that Redis uses",
        ),
        Metric::gauge(
            "redis_memory_max_bytes",
            Unit::Bytes,
            &[],
            "Most memory; 0 means no limit",
        ),
        Metric::counter(
            "redis_evicted_keys_total",
            &[],
            "Keys that were dropped to make room",
        ),
        Metric::counter(
            "redis_rejected_connections_total",
            &[],
            "Connections that were refused because there were too many",
        ),
        Metric::gauge(
            "redis_connected_clients",
            Unit::Count,
            &[],
            "Clients that are connected",
        ),
        Metric::gauge("redis_config_maxclients", Unit::Count, &[], "Most clients"),
        Metric::counter(
            "redis_commands_processed_total",
            &[],
            "Commands that Redis answered",
        ),
        Metric::gauge(
            "redis_master_link_up",
            Unit::Truth,
            &["master_host", "master_port"],
            "Whether a replica is connected to its primary; only on replicas",
        ),
        Metric::gauge(
            "redis_rdb_last_bgsave_status",
            Unit::Truth,
            &[],
            "Whether the last snapshot was written",
        ),
        Metric::gauge(
            "redis_aof_last_write_status",
            Unit::Truth,
            &[],
            "Whether the last write of the append-only file succeeded",
        ),
        Metric::gauge(
            "redis_stream_length",
            Unit::Count,
            &["db", "stream"],
            "Entries of a stream",
        ),
        Metric::gauge(
            "redis_stream_last_generated_id",
            Unit::Milliseconds,
            &["db", "stream"],
            "Id of the newest entry of a stream",
        ),
        Metric::gauge(
            "redis_stream_group_last_delivered_id",
            Unit::Milliseconds,
            GROUP,
            "Id of the newest entry that a consumer group was given",
        ),
        Metric::gauge(
            "redis_stream_group_messages_pending",
            Unit::Count,
            GROUP,
            "Entries that a consumer group was given and has not acknowledged",
        ),
        Metric::gauge(
            "redis_stream_group_consumers",
            Unit::Count,
            GROUP,
            "Consumers of a consumer group",
        ),
        Metric::gauge(
            "redis_stream_group_consumer_messages_pending",
            Unit::Count,
            &["db", "stream", "group", "consumer"],
            "Entries that a consumer was given and has not acknowledged",
        ),
        Metric::gauge(
            "redis_stream_group_consumer_idle_seconds",
            Unit::Seconds,
            &["db", "stream", "group", "consumer"],
            "How long a consumer has asked for nothing",
        ),
    ],
};
