//! PostgreSQL, by its exporter.

use super::{Metric, Source, Unit};

const DATABASE: &[&str] = &["datname"];

pub(super) const SOURCE: Source = Source {
    title: "PostgreSQL",
    target_labels: &[
        "namespace",
        "platform",
        "pod",
        "container",
        "endpoint",
        "job",
        "instance",
        "server",
    ],
    metrics: &[
        Metric::gauge(
            "pg_up",
            Unit::Truth,
            &[],
            "Whether the exporter reaches PostgreSQL",
        ),
        Metric::gauge(
            "pg_stat_activity_count",
            Unit::Count,
            &["datname", "state"],
            "Connections",
        ),
        Metric::gauge(
            "pg_stat_activity_max_tx_duration",
            Unit::Seconds,
            &["datname", "state"],
            "How long the oldest transaction has been open",
        ),
        Metric::gauge(
            "pg_settings_max_connections",
            Unit::Count,
            &[],
            "Most connections",
        ),
        Metric::counter("pg_stat_database_deadlocks", DATABASE, "Deadlocks"),
        Metric::counter(
            "pg_stat_database_xact_commit",
            DATABASE,
            "Transactions that were committed",
        ),
        Metric::counter(
            "pg_stat_database_xact_rollback",
            DATABASE,
            "Transactions that were rolled back",
        ),
        Metric::counter(
            "pg_stat_database_temp_bytes",
            DATABASE,
            "Bytes written to temporary files",
        ),
        Metric::gauge(
            "pg_stat_database_numbackends",
            Unit::Count,
            DATABASE,
            "Connections",
        ),
        Metric::gauge(
            "pg_database_size_bytes",
            Unit::Bytes,
            DATABASE,
            "Size of a database",
        ),
        Metric::counter(
            "pg_stat_archiver_failed_count",
            &[],
            "Segments of the log that could not be archived",
        ),
        Metric::gauge("pg_locks_count", Unit::Count, &["datname", "mode"], "Locks"),
        Metric::gauge(
            "pg_replication_lag_seconds",
            Unit::Seconds,
            &[],
            "How far a replica is behind; only on replicas",
        ),
    ],
};
