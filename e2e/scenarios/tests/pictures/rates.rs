//! How fast counters and histograms of the story grow. A metric that nobody has thought of gets what is usual.

use todoplatform_render::observability::metrics::Unit;

use super::{
    labels::{Labels, Metric},
    own::{busy, either, event_rate, failing_part, has_dead_letters, own_pace, weight},
    story,
};

/// Words of counters that stand still on a good day.
const RARE: [&str; 12] = [
    "fail",
    "evicted",
    "rejected",
    "deadlock",
    "undelivered",
    "throttled",
    "errors",
    "drift",
    "prune",
    "replaced",
    "parked",
    "temp_bytes",
];

/// How much a counter grows in a second; of a histogram, how much is counted.
pub(crate) fn per_second(metric: &Metric, labels: &Labels, minute: f64) -> f64 {
    let name = metric.name.as_str();
    let load = story::load(minute);
    let of_events = ["event", "pubsub", "outbox", "topic"]
        .iter()
        .any(|word| name.contains(word));
    let whole = match name {
        "todo_dead_letters_received_total" => {
            return either(
                has_dead_letters(labels) && (86.0..87.0).contains(&minute),
                0.055,
                0.0,
            );
        }
        "kube_pod_container_status_restarts_total" => {
            let is_ours = labels["pod"].contains("-notification-") && labels["container"] == "daprd";
            return if is_ours && (87.0..87.5).contains(&minute) {
                1.5 / 30.0
            } else {
                0.0
            };
        }
        "container_cpu_usage_seconds_total" => 0.012 * busy(labels) * load,
        "dapr_http_healthprobes_completed_count" | "dapr_http_healthprobes_roundtrip_latency" => 0.2,
        "dapr_resiliency_activations_total" => either(story::is_behind(minute), 0.4, 0.005),
        "todo_rate_limited_total" => 0.004 + 0.5 * story::rush(minute),
        "todo_reminders_fired_total" | "todo_reminder_lateness_seconds" => 0.5 * load,
        "redis_commands_processed_total" => 90.0 * load,
        "todoplatform_reconcile_total" => 0.04 + either(story::is_behind(minute), 0.1, 0.0),
        _ if name.ends_with("xact_commit") => 11.0 * load * weight(labels),
        _ if name.ends_with("xact_rollback") => 0.05 * load,
        _ if RARE.iter().any(|word| name.contains(word)) => either(story::is_behind(minute), 0.008, 0.0),
        _ if name.contains("event_age") => event_rate(labels) * load * story::delivery(minute),
        _ if of_events => event_rate(labels) * load,
        _ => 1.6 * busy(labels) * weight(labels) * load,
    };
    whole * share(name, labels, minute)
}

/// Whether the reader would see that there are no halves of it.
pub(crate) fn is_counted_one_by_one(metric: &Metric) -> bool {
    ["dead_letters_received", "restarts"]
        .iter()
        .any(|word| metric.name.contains(word))
}

/// The part of all that labels of an outcome stand for.
fn share(name: &str, labels: &Labels, minute: f64) -> f64 {
    let arrives = either(story::is_away(minute), 0.0, 1.0);
    let retried = arrives * either(story::is_behind(minute), 0.07, 0.003);
    let part = |(label, value): (&&str, &String)| match (*label, value.as_str()) {
        ("status", "404") => 0.008,
        ("status", "503" | "500") => story::failing(minute) * failing_part(labels),
        // The outbox tries again, and more rarely each time.
        ("outcome" | "success", "failed" | "false") if name.contains("outbox") || name.contains("egress") => {
            either(story::is_away(minute), 0.15, 0.0)
        }
        ("outcome", "published" | "applied") | ("process_status", "success") => story::delivery(minute),
        ("success", "true") if name.contains("egress") => story::delivery(minute),
        ("success", "false") | ("process_status", "drop") | ("outcome", "dropped") => 0.001,
        ("outcome", "duplicate") => 3.0 * retried,
        ("outcome", "retried") | ("process_status", "retry") => retried,
        ("outcome", "failed") => either(story::is_away(minute), 0.3, 0.004),
        ("outcome", "waiting") => 0.3,
        _ => 1.0,
    };
    labels.iter().map(part).product()
}

/// Half of what a histogram counts is at most this.
pub(crate) fn median(metric: &Metric, labels: &Labels, minute: f64) -> f64 {
    let slow = story::slowness(minute);
    match (metric.name.as_str(), metric.unit) {
        ("todo_event_age_seconds", _) => 0.25 * slow * own_pace(labels) + 0.3 * story::oldest_age(minute),
        ("todo_reminder_lateness_seconds", _) => 0.3 * slow + either(story::is_away(minute), 4.0, 0.0),
        ("todoplatform_reconcile_duration_seconds", _) => 0.09,
        (_, Unit::Milliseconds) => 5.0 * slow / busy(labels).max(0.4),
        _ => 0.011 * slow * own_pace(labels),
    }
}
