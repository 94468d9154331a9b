//! PostgreSQL and Redis, by what is scraped of them, and what the services see of them.

use super::{CHOSEN, Colour, Draft, INTERVAL, Panel, Row, Unit, WIDTH, rate, row};
use crate::validated::{CacheMetrics, DatabaseMetrics};

pub(super) fn dashboard(database: &DatabaseMetrics, cache: &CacheMetrics) -> Draft {
    Draft {
        name: "stores",
        title: "Stores",
        description: "PostgreSQL and Redis, and what the services see of them.",
        has_apps: false,
        rows: vec![
            row("As the services see them", pools()),
            self::database(database),
            self::cache(cache),
        ],
    }
}

fn pools() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Connections to PostgreSQL in use",
            "Share of the connections that the pods of a service may have. At 100% requests wait for one.",
            Unit::Ratio,
        )
        .width(WIDTH / 2)
        .line(
            format!(
                "sum by (app_id) (todo_db_pool_connections{{{CHOSEN},state=\"used\"}}) / (sum by (app_id) (todo_db_pool_connections_max{{{CHOSEN}}}) > 0)"
            ),
            "{{app_id}}",
        )
        .from(0.9, Colour::Red),
        Panel::lines(
            "Redis behind the rate limit",
            "1 while the gateway reaches the Redis that counts requests.",
            Unit::Count,
        )
        .width(WIDTH / 2)
        .line(
            format!("min by (app_id) (todo_ratelimit_backend_up{{{CHOSEN}}})"),
            "{{app_id}}",
        )
        .from(1.0, Colour::Green),
    ]
}

fn database(database: &DatabaseMetrics) -> Row {
    match database {
        DatabaseMetrics::Exporter => row("PostgreSQL", postgres()),
        DatabaseMetrics::CloudNativePg { .. } => row("PostgreSQL of CloudNativePG", cloud_native_pg()),
        DatabaseMetrics::None => row(
            "PostgreSQL",
            vec![Panel::text(
                "Nothing of PostgreSQL is scraped",
                "Only the connections that the services hold are seen above.",
            )],
        ),
    }
}

const CONNECTIONS: &str = "Connections";
const CONNECTIONS_TEXT: &str = "Share of the connections that PostgreSQL takes. At 100% it refuses more.";
const TRANSACTIONS_TEXT: &str = "Transactions of each database that were committed and rolled back.";
const DEADLOCKS_TEXT: &str =
    "Transactions that PostgreSQL ended because they waited for each other, in the width of a step.";
const LAG_TEXT: &str = "How far a replica is behind. What is read from it is that old.";
const SIZE_TEXT: &str = "Size of each database.";

fn postgres() -> Vec<Panel> {
    vec![
        Panel::stat("PostgreSQL answers", "1 while the exporter reaches it.", Unit::Count)
            .width(WIDTH / 3)
            .line(format!("min(pg_up{{{CHOSEN}}})"), "up")
            .from(1.0, Colour::Green),
        Panel::lines(CONNECTIONS, CONNECTIONS_TEXT, Unit::Ratio)
            .line(
                format!(
                    "sum by (server) (pg_stat_activity_count{{{CHOSEN}}}) / on (server) max by (server) (pg_settings_max_connections{{{CHOSEN}}})"
                ),
                "{{server}}",
            )
            .from(0.8, Colour::Orange)
            .from(0.95, Colour::Red),
        Panel::lines("Transactions", TRANSACTIONS_TEXT, Unit::PerSecond)
            .line(rate("datname", "pg_stat_database_xact_commit", CHOSEN), "{{datname}} committed")
            .line(rate("datname", "pg_stat_database_xact_rollback", CHOSEN), "{{datname}} rolled back"),
        Panel::lines("Deadlocks", DEADLOCKS_TEXT, Unit::Count).line(
            format!("sum by (datname) (increase(pg_stat_database_deadlocks{{{CHOSEN}}}[{INTERVAL}]))"),
            "{{datname}}",
        ),
        Panel::lines(
            "Oldest transaction",
            "How long the oldest transaction has been open. It holds back cleaning up.",
            Unit::Seconds,
        )
        .line(
            format!("max by (datname) (pg_stat_activity_max_tx_duration{{{CHOSEN}}})"),
            "{{datname}}",
        ),
        Panel::lines("Replica behind", LAG_TEXT, Unit::Seconds)
            .line(format!("max by (server) (pg_replication_lag_seconds{{{CHOSEN}}})"), "{{server}}")
            .from(30.0, Colour::Orange),
        Panel::lines("Size", SIZE_TEXT, Unit::Bytes)
            .width(WIDTH)
            .line(format!("max by (datname) (pg_database_size_bytes{{{CHOSEN}}})"), "{{datname}}"),
    ]
}

fn cloud_native_pg() -> Vec<Panel> {
    vec![
        Panel::stat("Instances that are up", "Instances of the cluster that answer.", Unit::Count)
            .width(WIDTH / 3)
            .line(format!("sum(cnpg_collector_up{{{CHOSEN}}})"), "up")
            .from(1.0, Colour::Green),
        Panel::lines(CONNECTIONS, CONNECTIONS_TEXT, Unit::Ratio)
            .line(
                format!(
                    "sum by (pod) (cnpg_backends_total{{{CHOSEN}}}) / on (pod) max by (pod) (cnpg_pg_settings_setting{{{CHOSEN},name=\"max_connections\"}})"
                ),
                "{{pod}}",
            )
            .from(0.8, Colour::Orange)
            .from(0.95, Colour::Red),
        Panel::lines("Transactions", TRANSACTIONS_TEXT, Unit::PerSecond)
            .line(rate("datname", "cnpg_pg_stat_database_xact_commit", CHOSEN), "{{datname}} committed")
            .line(
                rate("datname", "cnpg_pg_stat_database_xact_rollback", CHOSEN),
                "{{datname}} rolled back",
            ),
        Panel::lines("Deadlocks", DEADLOCKS_TEXT, Unit::Count).line(
            format!("sum by (datname) (increase(cnpg_pg_stat_database_deadlocks{{{CHOSEN}}}[{INTERVAL}]))"),
            "{{datname}}",
        ),
        Panel::lines("Replica behind", LAG_TEXT, Unit::Seconds)
            .line(format!("max by (pod) (cnpg_pg_replication_lag{{{CHOSEN}}})"), "{{pod}}")
            .from(30.0, Colour::Orange),
        Panel::lines(
            "Replicas that follow",
            "Replicas that stream from the primary.",
            Unit::Count,
        )
        .line(
            format!("max(cnpg_pg_replication_streaming_replicas{{{CHOSEN}}})"),
            "replicas",
        ),
        Panel::lines("Size", SIZE_TEXT, Unit::Bytes)
            .width(WIDTH)
            .line(
                format!("max by (datname) (cnpg_pg_database_size_bytes{{{CHOSEN}}})"),
                "{{datname}}",
            ),
    ]
}

fn cache(cache: &CacheMetrics) -> Row {
    match cache {
        CacheMetrics::Exporter => row("Redis", redis()),
        CacheMetrics::None => row(
            "Redis",
            vec![Panel::text(
                "Nothing of Redis is scraped",
                "Only whether the gateway reaches it is seen above.",
            )],
        ),
    }
}

fn redis() -> Vec<Panel> {
    vec![
        Panel::stat("Redis answers", "1 while the exporter reaches it.", Unit::Count)
            .width(WIDTH / 3)
            .line(format!("min(redis_up{{{CHOSEN}}})"), "up")
            .from(1.0, Colour::Green),
        Panel::lines(
            "Memory",
            "What Redis uses, and the most that it may use where there is a limit.",
            Unit::Bytes,
        )
        .line(format!("max by (instance) (redis_memory_used_bytes{{{CHOSEN}}})"), "{{instance}} used")
        .line(
            format!("max by (instance) (redis_memory_max_bytes{{{CHOSEN}}}) > 0"),
            "{{instance}} limit",
        ),
        Panel::lines(
            "Keys dropped, connections refused",
            "Both lose work: a key that was dropped to make room is lost.",
            Unit::Count,
        )
        .line(
            format!("sum by (instance) (increase(redis_evicted_keys_total{{{CHOSEN}}}[{INTERVAL}]))"),
            "{{instance}} keys",
        )
        .line(
            format!("sum by (instance) (increase(redis_rejected_connections_total{{{CHOSEN}}}[{INTERVAL}]))"),
            "{{instance}} connections",
        ),
        Panel::lines("Commands", "Commands that Redis answers.", Unit::PerSecond)
            .line(rate("instance", "redis_commands_processed_total", CHOSEN), "{{instance}}"),
        Panel::lines(
            "Clients",
            "Clients that are connected, as a share of the most that Redis takes.",
            Unit::Ratio,
        )
        .line(
            format!(
                "max by (instance) (redis_connected_clients{{{CHOSEN}}}) / on (instance) (max by (instance) (redis_config_maxclients{{{CHOSEN}}}) > 0)"
            ),
            "{{instance}}",
        )
        .from(0.8, Colour::Orange),
        Panel::lines(
            "Last write to disk succeeded",
            "1 when the last snapshot and the last write of the append-only file succeeded.",
            Unit::Count,
        )
        .line(
            format!("min by (instance) (redis_rdb_last_bgsave_status{{{CHOSEN}}})"),
            "{{instance}} snapshot",
        )
        .line(
            format!("min by (instance) (redis_aof_last_write_status{{{CHOSEN}}})"),
            "{{instance}} append-only file",
        )
        .from(1.0, Colour::Green),
    ]
}
