//! What gauges of the story show. A metric that nobody has thought of shows what its unit suggests.

use todoplatform_render::{ValidatedPlatform, observability::metrics::Unit};

use super::{
    labels::{Labels, Metric},
    objectives,
    own::{busy, either, event_rate, has_dead_letters, own_pace, weight},
    story,
};

const MIB: f64 = 1024.0 * 1024.0;

/// What a gauge shows; none while there is no such series.
pub(crate) fn level(
    metric: &Metric,
    labels: &Labels,
    minute: f64,
    at: i64,
    noise: f64,
    platform: &ValidatedPlatform,
) -> Option<f64> {
    let name = metric.name.as_str();
    let load = story::load(minute);
    let wobble = 0.7 + 0.3 * noise;
    let truth = |it: bool| f64::from(u8::from(it));
    let seconds = |at: i64| f64::from(i32::try_from(at - story::BEGIN).unwrap_or(i32::MAX));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 have 41 bits")]
    let id = |at: i64, age: f64| (at * 1000) as f64 - age * 1000.0;
    let offset = 40_000.0 + event_rate(labels) * seconds(at);
    let behind = (event_rate(labels) * story::oldest_age(minute)).round();
    if let Some(value) = objectives::level(name, labels, minute, platform) {
        return Some(value);
    }
    let value = match name {
        "ALERTS" => {
            let fires = if labels["alertname"] == "TodoOutboxStalled" {
                76.0..88.0
            } else {
                88.0..f64::INFINITY
            };
            return fires.contains(&minute).then_some(1.0);
        }
        "redis_up" | "todo_ratelimit_backend_up" => truth(!story::is_away(minute)),
        "redis_memory_max_bytes" => 256.0 * MIB,
        "redis_memory_used_bytes" => (92.0 + 0.2 * minute + 26.0 * story::rush(minute) + noise) * MIB,
        "redis_connected_clients" => (21.0 + 6.0 * story::rush(minute) + noise).round(),
        "redis_config_maxclients" => 128.0,
        "redis_stream_length" => offset.rem_euclid(3_000.0).round() + 5_000.0,
        "redis_stream_last_generated_id" => id(at, 0.0),
        "redis_stream_group_last_delivered_id" => id(at, story::oldest_age(minute) + 0.04 * noise),
        "redis_stream_group_messages_pending" => behind + noise.round(),
        "todo_outbox_pending" => {
            (2.4 * story::oldest_age(minute) * own_pace(labels).min(1.0) + 1.5 * noise).round()
        }
        "todo_outbox_oldest_age_seconds" => story::oldest_age(minute) + 0.4 * noise,
        "todo_outbox_parked" => 0.0,
        "todo_dead_letters" => either(has_dead_letters(labels) && story::is_after(minute), 3.0, 0.0),
        "todo_http_requests_in_flight" => (1.5 * busy(labels) * load * wobble).round(),
        "todo_db_pool_connections" => {
            let used = (2.0 * load * wobble * busy(labels).max(0.3)).round().min(10.0);
            if labels["state"] == "used" {
                used
            } else {
                10.0 - used
            }
        }
        "todo_db_pool_connections_max" => 10.0,
        "todo_scheduler_due_lag_seconds" => 0.2 * noise + either(story::is_away(minute), 6.0, 0.0),
        "dapr_resiliency_cb_state" => {
            let is_open = story::is_away(minute)
                || labels["app_id"].ends_with("-notification") && story::is_after(minute);
            truth(is_open == (labels["status"] == "open"))
        }
        "dapr_runtime_component_loaded" => 3.0,
        "kafka_brokers" | "redpanda_cluster_brokers" => either(story::is_away(minute), 1.0, 3.0),
        "kafka_consumergroup_group_state" => either(story::is_away(minute), 5.0, 3.0),
        "kafka_topic_partition_under_replicated_partition" | "redpanda_kafka_under_replicated_replicas" => {
            truth(story::is_away(minute))
        }
        "redpanda_storage_disk_total_bytes" => 102_400.0 * MIB,
        "redpanda_storage_disk_free_bytes" => (61_000.0 - 9.0 * minute) * MIB,
        "pg_settings_max_connections" | "cnpg_pg_settings_setting" => 100.0,
        "pg_stat_activity_count" | "cnpg_backends_total" => {
            (2.0 + 1.5 * load * wobble * weight(labels)).round()
        }
        "pg_stat_activity_max_tx_duration" => 0.02 * wobble * load,
        "container_memory_working_set_bytes" => {
            let base = if labels["container"] == "daprd" {
                46.0
            } else {
                58.0 * weight(labels)
            };
            (base + 14.0 * story::rush(minute) + 0.3 * noise) * MIB
        }
        "kube_pod_container_resource_limits" | "kube_pod_container_resource_requests" => {
            if labels["resource"] == "memory" {
                128.0 * MIB
            } else {
                0.5
            }
        }
        "kube_deployment_status_replicas_unavailable" => 0.0,
        "kubelet_volume_stats_capacity_bytes" => 10_240.0 * MIB,
        "kubelet_volume_stats_available_bytes" => (7_600.0 - minute) * MIB,
        "todoplatform_platform_condition" => truth(
            (labels["type"] == "Ready") == (labels["status"] == "True") && labels["status"] != "Unknown",
        ),
        "todoplatform_objects_in_backoff" => truth(story::is_away(minute)),
        "todoplatform_crd_outdated" | "todoplatform_platform_paused" => 0.0,
        _ if name.ends_with("lag_seconds") || name.ends_with("replication_lag") => {
            if name.starts_with("kafka") {
                story::oldest_age(minute) + 0.3 * noise
            } else {
                0.2 * noise + 3.0 * story::rush(minute)
            }
        }
        _ if name.ends_with("offset") => offset.round(),
        _ if name.contains("_lag") => behind + noise.round(),
        _ if name.ends_with("database_size_bytes") => (80.0 * weight(labels) + 0.03 * minute) * MIB,
        _ => by_unit(metric, noise),
    };
    Some(value)
}

fn by_unit(metric: &Metric, noise: f64) -> f64 {
    let in_a_month = 30.0 * 86_400.0;
    match metric.unit {
        Unit::Count | Unit::Truth => 1.0,
        Unit::Ratio => 0.2,
        Unit::PerSecond => 4.0 + noise,
        Unit::Seconds => 0.02 * noise,
        Unit::Milliseconds => 20.0 * noise,
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 have 31 bits")]
        Unit::Timestamp => story::BEGIN as f64 + in_a_month,
        Unit::Bytes => 200.0 * MIB,
    }
}
