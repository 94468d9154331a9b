//! What gauges of the story show. A metric that nobody has thought of shows what its unit suggests.

use todoplatform_render::{ValidatedPlatform, observability::metrics::Unit};

use super::{
    labels::{Labels, Metric},
    objectives,
    own::{busy, either, event_rate, has_dead_letters, own_pace, weight},
    story::{self, Scrape},
};

const MIB: f64 = 1024.0 * 1024.0;

/// What a gauge shows; none while there is no such series.
pub(crate) fn level(
    metric: &Metric,
    labels: &Labels,
    scrape: &Scrape,
    platform: &ValidatedPlatform,
) -> Option<f64> {
    let name = metric.name.as_str();
    if name == "ALERTS" {
        let is_stalled = labels["alertname"] == "TodoOutboxStalled";
        let fires = if is_stalled {
            76.0..88.0
        } else {
            88.0..f64::INFINITY
        };
        return fires.contains(&scrape.minute).then_some(1.0);
    }
    objectives::level(name, labels, scrape.minute, platform)
        .or_else(|| services(name, labels, scrape))
        .or_else(|| databases(name, labels, scrape))
        .or_else(|| redis(name, labels, scrape))
        .or_else(|| kafka(name, labels, scrape))
        .or_else(|| kubernetes(name, labels, scrape))
        .or_else(|| Some(by_unit(metric, scrape.noise)))
}

fn truth(it: bool) -> f64 {
    f64::from(u8::from(it))
}

/// As much as there is to do, give or take a third.
fn about(scrape: &Scrape) -> f64 {
    story::load(scrape.minute) * (1.0 + 0.3 * scrape.noise)
}

/// From 0 to 2: what is never below nothing.
fn some(scrape: &Scrape) -> f64 {
    1.0 + scrape.noise
}

/// Events that were ever written.
fn written(labels: &Labels, scrape: &Scrape) -> f64 {
    40_000.0 + event_rate(labels) * scrape.minute * 60.0
}

/// Events that were not handled yet.
fn behind(labels: &Labels, scrape: &Scrape) -> f64 {
    (event_rate(labels) * story::oldest_age(scrape.minute) + some(scrape)).round()
}

/// Of the services, their sidecars and the operator.
fn services(name: &str, labels: &Labels, scrape: &Scrape) -> Option<f64> {
    let minute = scrape.minute;
    let is_away = story::is_away(minute);
    Some(match name {
        "todo_ratelimit_backend_up" => truth(!is_away),
        "todo_outbox_pending" => {
            let of_service = 2.4 * own_pace(labels).min(1.0);
            (of_service * story::oldest_age(minute) + 1.5 * some(scrape)).round()
        }
        "todo_outbox_oldest_age_seconds" => story::oldest_age(minute) + 0.4 * some(scrape),
        "todo_dead_letters" => either(has_dead_letters(labels) && story::is_after(minute), 3.0, 0.0),
        "todo_http_requests_in_flight" => (1.5 * busy(labels) * about(scrape)).round(),
        "todo_db_pool_connections" => {
            let used = (2.0 * about(scrape) * busy(labels).max(0.3)).round().min(10.0);
            either(labels["state"] == "used", used, 10.0 - used)
        }
        "todo_db_pool_connections_max" => 10.0,
        "todo_scheduler_due_lag_seconds" => 0.2 * some(scrape) + either(is_away, 6.0, 0.0),
        "dapr_resiliency_cb_state" => {
            let stays_open = labels["app_id"].ends_with("-notification") && story::is_after(minute);
            truth((is_away || stays_open) == (labels["status"] == "open"))
        }
        "dapr_runtime_component_loaded" => 3.0,
        "todoplatform_platform_condition" => {
            let holds = if labels["type"] == "Ready" {
                "True"
            } else {
                "False"
            };
            truth(labels["status"] == holds)
        }
        "todoplatform_objects_in_backoff" => truth(is_away),
        "todo_outbox_parked" | "todoplatform_crd_outdated" | "todoplatform_platform_paused" => 0.0,
        _ => return None,
    })
}

fn databases(name: &str, labels: &Labels, scrape: &Scrape) -> Option<f64> {
    Some(match name {
        "pg_settings_max_connections" | "cnpg_pg_settings_setting" => 100.0,
        "pg_stat_activity_count" | "cnpg_backends_total" => {
            (2.0 + 1.5 * about(scrape) * weight(labels)).round()
        }
        "pg_stat_activity_max_tx_duration" => 0.02 * about(scrape),
        "pg_replication_lag_seconds" | "cnpg_pg_replication_lag" => {
            0.2 * some(scrape) + 3.0 * story::rush(scrape.minute)
        }
        _ if name.ends_with("database_size_bytes") => (80.0 * weight(labels) + 0.03 * scrape.minute) * MIB,
        _ => return None,
    })
}

fn redis(name: &str, labels: &Labels, scrape: &Scrape) -> Option<f64> {
    let (minute, rush) = (scrape.minute, story::rush(scrape.minute));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 have 41 bits")]
    let now = (scrape.at * 1000) as f64;
    Some(match name {
        "redis_up" => truth(!story::is_away(minute)),
        "redis_memory_max_bytes" => 256.0 * MIB,
        "redis_memory_used_bytes" => (92.0 + 0.2 * minute + 26.0 * rush + some(scrape)) * MIB,
        "redis_connected_clients" => (21.0 + 6.0 * rush + some(scrape)).round(),
        "redis_config_maxclients" => 128.0,
        // What is beyond a length is dropped, many entries at once.
        "redis_stream_length" => written(labels, scrape).rem_euclid(3_000.0).round() + 5_000.0,
        "redis_stream_last_generated_id" => now,
        "redis_stream_group_last_delivered_id" => {
            now - 1000.0 * story::oldest_age(minute) - 40.0 * some(scrape)
        }
        "redis_stream_group_messages_pending" => behind(labels, scrape),
        _ => return None,
    })
}

fn kafka(name: &str, labels: &Labels, scrape: &Scrape) -> Option<f64> {
    let is_away = story::is_away(scrape.minute);
    Some(match name {
        "kafka_lag_exporter_up" => 1.0,
        "kafka_brokers" | "redpanda_cluster_brokers" => either(is_away, 1.0, 3.0),
        "kafka_consumergroup_group_state" => either(is_away, 5.0, 3.0),
        "kafka_consumergroup_group_lag_seconds" => story::oldest_age(scrape.minute) + 0.3 * some(scrape),
        "redpanda_storage_disk_total_bytes" => 102_400.0 * MIB,
        "redpanda_storage_disk_free_bytes" => (61_000.0 - 9.0 * scrape.minute) * MIB,
        _ if name.contains("under_replicated") => truth(is_away),
        _ if name.ends_with("offset") => written(labels, scrape).round(),
        _ if name.contains("_lag") => behind(labels, scrape),
        _ => return None,
    })
}

fn kubernetes(name: &str, labels: &Labels, scrape: &Scrape) -> Option<f64> {
    Some(match name {
        "container_memory_working_set_bytes" => {
            let base = either(labels["container"] == "daprd", 46.0, 58.0 * weight(labels));
            (base + 14.0 * story::rush(scrape.minute) + 0.3 * some(scrape)) * MIB
        }
        "kube_pod_container_resource_limits" | "kube_pod_container_resource_requests" => {
            either(labels["resource"] == "memory", 128.0 * MIB, 0.5)
        }
        "kube_deployment_status_replicas_unavailable" => 0.0,
        "kubelet_volume_stats_capacity_bytes" => 10_240.0 * MIB,
        "kubelet_volume_stats_available_bytes" => (7_600.0 - scrape.minute) * MIB,
        _ => return None,
    })
}

fn by_unit(metric: &Metric, noise: f64) -> f64 {
    let in_a_month = 30.0 * 86_400.0;
    match metric.unit {
        Unit::Count | Unit::Truth => 1.0,
        Unit::Ratio => 0.2,
        Unit::PerSecond => 4.0 + noise,
        Unit::Seconds => 0.02 * (1.0 + noise),
        Unit::Milliseconds => 20.0 * (1.0 + noise),
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 have 31 bits")]
        Unit::Timestamp => story::BEGIN as f64 + in_a_month,
        Unit::Bytes => 200.0 * MIB,
    }
}
