//! The stores: PostgreSQL by its exporter or by CloudNativePG, Redis by its exporter.

use todoplatform_api::AlertSeverity::{Critical, Warning};
use todoplatform_kinds::monitoring::Rule;

use super::{Alert, Scope, Threshold};
use crate::validated::{BrokerMetrics, CacheMetrics, DatabaseMetrics};

const POSTGRES_DOWN: Alert = Alert {
    name: "TodoPostgresDown",
    severity: Critical,
    family: "postgres",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "The PostgreSQL of <namespace>/<platform> is down",
    description: "It does not answer, or nothing is known of it. Tasks can be neither read nor written. Look at: kubectl todo status <platform> -n <namespace>",
    dashboard: "stores",
};
const POSTGRES_CONNECTIONS: Alert = Alert {
    name: "TodoPostgresConnectionsHigh",
    severity: Warning,
    family: "postgres-connections",
    for_: "10m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "0.8",
        unit: "share of max_connections",
    }),
    summary: "The PostgreSQL of <namespace>/<platform> has few connections left",
    description: "{{ $value | humanizePercentage }} of all connections are taken; the next pods may get none. Look at who holds them: SELECT usename, state, count(*) FROM pg_stat_activity GROUP BY 1, 2",
    dashboard: "stores",
};
const POSTGRES_EXHAUSTED: Alert = Alert {
    name: "TodoPostgresConnectionsExhausted",
    severity: Critical,
    for_: "5m",
    threshold: Some(Threshold {
        default: "0.95",
        unit: "share of max_connections",
    }),
    summary: "The PostgreSQL of <namespace>/<platform> has next to no connections left",
    ..POSTGRES_CONNECTIONS
};
const POSTGRES_LAG: Alert = Alert {
    name: "TodoPostgresLag",
    severity: Warning,
    family: "postgres-replication",
    for_: "5m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "30",
        unit: "seconds",
    }),
    summary: "A replica of the PostgreSQL of <namespace>/<platform> is behind",
    description: "{{ $labels.pod }} is {{ $value | humanizeDuration }} behind: what is read there is old, and a failover loses or waits for it. Look at: SELECT * FROM pg_stat_replication",
    dashboard: "stores",
};
const POSTGRES_ARCHIVER: Alert = Alert {
    name: "TodoPostgresArchiver",
    severity: Warning,
    family: "postgres-backup",
    for_: "15m",
    keep_firing_for: None,
    threshold: None,
    summary: "The PostgreSQL of <namespace>/<platform> cannot archive its log",
    description: "A backup cannot be brought up to now, and the log fills the disk. Look at: SELECT * FROM pg_stat_archiver",
    dashboard: "stores",
};
const POSTGRES_DISK: Alert = Alert {
    name: "TodoPostgresDisk",
    severity: Warning,
    family: "postgres-disk",
    for_: "15m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "0.15",
        unit: "share of the volume that is free",
    }),
    summary: "The volume of the PostgreSQL of <namespace>/<platform> is nearly full",
    description: "{{ $value | humanizePercentage }} of {{ $labels.persistentvolumeclaim }} is free; without space PostgreSQL stops. Look at: kubectl -n {{ $labels.namespace }} get pvc {{ $labels.persistentvolumeclaim }}",
    dashboard: "stores",
};
const POSTGRES_DEADLOCKS: Alert = Alert {
    name: "TodoPostgresDeadlocks",
    severity: Warning,
    family: "postgres-deadlocks",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "Transactions of {{ $labels.datname }} wait for each other",
    description: "PostgreSQL ends one of two transactions that wait for each other, and goes on doing so. Look at the server's log for: deadlock detected",
    dashboard: "stores",
};
const REDIS_DOWN: Alert = Alert {
    name: "TodoRedisDown",
    severity: Critical,
    family: "redis",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "The Redis of <namespace>/<platform> is down",
    description: "It does not answer, or nothing is known of it. Reminders wait, and limits do not hold as they should. Look at: kubectl todo status <platform> -n <namespace>",
    dashboard: "stores",
};
const REDIS_MEMORY: Alert = Alert {
    name: "TodoRedisMemoryHigh",
    severity: Warning,
    family: "redis-memory",
    for_: "10m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "0.85",
        unit: "share of maxmemory",
    }),
    summary: "The Redis of <namespace>/<platform> is nearly full",
    description: "{{ $value | humanizePercentage }} of its memory is taken. When it is full it refuses writes or drops keys, by its policy. Look at: redis-cli INFO memory",
    dashboard: "stores",
};
const REDIS_EVICTING: Alert = Alert {
    name: "TodoRedisEvicting",
    severity: Critical,
    family: "redis-memory",
    for_: "0s",
    keep_firing_for: Some("15m"),
    threshold: None,
    summary: "The Redis of <namespace>/<platform> drops keys",
    description: "Its memory is full and its policy lets it drop what the platform stores: that is a loss. Look at: redis-cli CONFIG GET maxmemory-policy",
    dashboard: "stores",
};
const REDIS_REJECTING: Alert = Alert {
    name: "TodoRedisRejectingConnections",
    severity: Warning,
    family: "redis-connections",
    for_: "0s",
    keep_firing_for: Some("15m"),
    threshold: None,
    summary: "The Redis of <namespace>/<platform> refuses connections",
    description: "There are more clients than maxclients allows. Look at: redis-cli INFO clients",
    dashboard: "stores",
};
const REDIS_PERSISTENCE: Alert = Alert {
    name: "TodoRedisPersistenceFailing",
    severity: Warning,
    family: "redis-persistence",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "The Redis of <namespace>/<platform> cannot write to its disk",
    description: "What it holds is lost with the next restart, and it may refuse writes. Look at: redis-cli INFO persistence",
    dashboard: "stores",
};
const REDIS_REPLICA: Alert = Alert {
    name: "TodoRedisReplicaDisconnected",
    severity: Warning,
    family: "redis-replication",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "A replica of the Redis of <namespace>/<platform> has lost its primary",
    description: "There is no second copy until it is connected again. Look at: redis-cli INFO replication",
    dashboard: "stores",
};
const REDIS_DISK: Alert = Alert {
    name: "TodoRedisDisk",
    family: "redis-disk",
    summary: "The volume of the Redis of <namespace>/<platform> is nearly full",
    description: "{{ $value | humanizePercentage }} of {{ $labels.persistentvolumeclaim }} is free; without space Redis refuses writes. Look at: kubectl -n {{ $labels.namespace }} get pvc {{ $labels.persistentvolumeclaim }}",
    ..POSTGRES_DISK
};

pub(super) const ALERTS: &[Alert] = &[
    POSTGRES_DOWN,
    POSTGRES_CONNECTIONS,
    POSTGRES_EXHAUSTED,
    POSTGRES_LAG,
    POSTGRES_ARCHIVER,
    POSTGRES_DISK,
    POSTGRES_DEADLOCKS,
    REDIS_DOWN,
    REDIS_MEMORY,
    REDIS_EVICTING,
    REDIS_REJECTING,
    REDIS_PERSISTENCE,
    REDIS_REPLICA,
    REDIS_DISK,
];

pub(super) fn rules(scope: &Scope<'_>) -> Vec<Rule> {
    let mut rules = match &scope.monitoring.database {
        DatabaseMetrics::Exporter => exporter(scope),
        DatabaseMetrics::CloudNativePg { name, namespace } => cloud_native_pg(scope, name, namespace),
        DatabaseMetrics::None => Vec::new(),
    };
    if scope.platform.postgres.is_some() {
        rules.push(own_disk(scope, &POSTGRES_DISK, &scope.platform.names.postgres()));
    }
    let is_redis_scraped = scope.monitoring.cache == CacheMetrics::Exporter
        || scope.monitoring.broker == BrokerMetrics::RedisStreams;
    if is_redis_scraped {
        rules.extend(redis(scope));
    }
    if scope.platform.redis.is_some() {
        rules.push(own_disk(scope, &REDIS_DISK, &scope.platform.names.redis()));
    }
    rules.into_iter().flatten().collect()
}

fn exporter(scope: &Scope<'_>) -> Vec<Option<Rule>> {
    let used = "sum by (namespace,server) (pg_stat_activity_count{<own>}) / on (namespace,server) max by (namespace,server) (pg_settings_max_connections{<own>}) > <threshold>";
    vec![
        scope.alert(&POSTGRES_DOWN, "absent(pg_up{<own>} == 1)"),
        scope.alert(&POSTGRES_CONNECTIONS, used),
        scope.alert(&POSTGRES_EXHAUSTED, used),
        scope.alert(
            &POSTGRES_LAG,
            "max by (namespace,pod,server) (pg_replication_lag_seconds{<own>}) > <threshold>",
        ),
        scope.alert(
            &POSTGRES_ARCHIVER,
            "sum by (namespace,server) (increase(pg_stat_archiver_failed_count{<own>}[15m])) > 0",
        ),
        scope.alert(
            &POSTGRES_DEADLOCKS,
            "sum by (namespace,datname) (rate(pg_stat_database_deadlocks{<own>}[10m])) > 0",
        ),
    ]
}

fn cloud_native_pg(scope: &Scope<'_>, name: &str, namespace: &str) -> Vec<Option<Rule>> {
    let used = r#"sum by (namespace,pod) (cnpg_backends_total{<own>}) / on (namespace,pod) max by (namespace,pod) (cnpg_pg_settings_setting{<own>,name="max_connections"}) > <threshold>"#;
    // Its operator numbers the volumes of a cluster.
    let disk = scope.with(
        "claims",
        format!(r#"namespace="{namespace}",persistentvolumeclaim=~"{name}-[0-9]+(-wal)?""#),
    );
    vec![
        scope.alert(&POSTGRES_DOWN, "absent(cnpg_collector_up{<own>} == 1)"),
        scope.alert(&POSTGRES_CONNECTIONS, used),
        scope.alert(&POSTGRES_EXHAUSTED, used),
        scope.alert(
            &POSTGRES_LAG,
            "max by (namespace,pod) (cnpg_pg_replication_lag{<own>}) > <threshold>",
        ),
        scope.alert(
            &POSTGRES_ARCHIVER,
            "sum by (namespace,pod) (increase(cnpg_pg_stat_archiver_failed_count{<own>}[15m])) > 0",
        ),
        scope.alert(
            &POSTGRES_DEADLOCKS,
            "sum by (namespace,datname) (rate(cnpg_pg_stat_database_deadlocks{<own>}[10m])) > 0",
        ),
        disk_alert(&disk, &POSTGRES_DISK),
    ]
}

fn redis(scope: &Scope<'_>) -> Vec<Option<Rule>> {
    vec![
        scope.alert(&REDIS_DOWN, "absent(redis_up{<own>} == 1)"),
        scope.alert(
            &REDIS_MEMORY,
            "max by (namespace,pod) (redis_memory_used_bytes{<own>} / (redis_memory_max_bytes{<own>} > 0)) > <threshold>",
        ),
        scope.alert(&REDIS_EVICTING, "sum by (namespace,pod) (increase(redis_evicted_keys_total{<own>}[15m])) > 0"),
        scope.alert(&REDIS_REJECTING, "sum by (namespace,pod) (increase(redis_rejected_connections_total{<own>}[15m])) > 0"),
        scope.alert(
            &REDIS_PERSISTENCE,
            "min by (namespace,pod) (redis_rdb_last_bgsave_status{<own>}) == 0 or min by (namespace,pod) (redis_aof_last_write_status{<own>}) == 0",
        ),
        scope.alert(
            &REDIS_REPLICA,
            "min by (namespace,pod) (redis_master_link_up{<own>}) == 0",
        ),
    ]
}

fn own_disk(scope: &Scope<'_>, alert: &Alert, claim: &str) -> Option<Rule> {
    let claims = format!(r#"namespace="<namespace>",persistentvolumeclaim="{claim}""#);
    disk_alert(&scope.with("claims", claims), alert)
}

/// Only where the kubelet is scraped.
fn disk_alert(scope: &Scope<'_>, alert: &Alert) -> Option<Rule> {
    scope.alert(
        alert,
        "min by (namespace,persistentvolumeclaim) (kubelet_volume_stats_available_bytes{<claims>}) / on (namespace,persistentvolumeclaim) (max by (namespace,persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes{<claims>}) > 0) < <threshold>",
    )
}
