//! PostgreSQL of CloudNativePG, by its own pods.

use super::{Metric, SCRAPED, Source, Unit};

pub(super) const SOURCE: Source = Source {
    title: "CloudNativePG",
    target_labels: SCRAPED,
    metrics: &[
        Metric::gauge(
            "cnpg_collector_up",
            Unit::Truth,
            &["cluster"],
            "Whether the instance is up",
        ),
        Metric::gauge(
            "cnpg_backends_total",
            Unit::Count,
            &["datname", "usename", "application_name", "state"],
            "Connections",
        ),
        Metric::gauge(
            "cnpg_pg_settings_setting",
            Unit::Count,
            &["name"],
            "Settings, such as max_connections",
        ),
        Metric::gauge(
            "cnpg_pg_replication_lag",
            Unit::Seconds,
            &[],
            "How far a replica is behind; 0 on the primary",
        ),
        Metric::gauge(
            "cnpg_pg_replication_streaming_replicas",
            Unit::Count,
            &[],
            "Replicas that stream from this instance",
        ),
        Metric::counter("cnpg_pg_stat_database_deadlocks", &["datname"], "Deadlocks"),
        Metric::counter(
            "cnpg_pg_stat_database_xact_commit",
            &["datname"],
            "Transactions that were committed",
        ),
        Metric::counter(
            "cnpg_pg_stat_database_xact_rollback",
            &["datname"],
            "Transactions that were rolled back",
        ),
        Metric::gauge(
            "cnpg_pg_database_size_bytes",
            Unit::Bytes,
            &["datname"],
            "Size of a database",
        ),
        Metric::counter(
            "cnpg_pg_stat_archiver_failed_count",
            &[],
            "Segments of the log that could not be archived",
        ),
    ],
};
