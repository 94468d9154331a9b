//! What is a service's or a topic's own: how much there is of it, how fast, how well.

use super::{labels::Labels, story};

/// The one or the other.
pub(crate) fn either(is_one: bool, one: f64, other: f64) -> f64 {
    if is_one { one } else { other }
}

fn word<'a>(labels: &'a Labels, label: &str) -> &'a str {
    labels.get(label).map_or("", String::as_str)
}

/// Which of the five services it is of, if any.
fn service(labels: &Labels) -> &str {
    let of = [
        word(labels, "app_id"),
        word(labels, "pod"),
        word(labels, "consumergroup"),
    ];
    ["gateway", "task", "scheduler", "notification", "analytics"]
        .into_iter()
        .find(|service| {
            of.iter()
                .any(|name| name.split(['-', '.']).any(|part| part == *service))
        })
        .unwrap_or_default()
}

/// How much a service has to do.
pub(crate) fn busy(labels: &Labels) -> f64 {
    match service(labels) {
        "gateway" => 1.6,
        "task" => 1.2,
        "scheduler" => 0.35,
        "notification" => 0.5,
        "analytics" => 0.25,
        _ => 1.0,
    }
}

/// How long a service takes, of what is usual.
pub(crate) fn own_pace(labels: &Labels) -> f64 {
    match service(labels) {
        "gateway" => 1.7,
        "scheduler" => 0.45,
        "notification" => 0.7,
        "analytics" => 2.6,
        _ => 1.0,
    }
}

/// How much of the failures is a service's own.
pub(crate) fn failing_part(labels: &Labels) -> f64 {
    match service(labels) {
        "gateway" => 1.0,
        "task" => 0.8,
        "analytics" => 0.3,
        _ => 0.1,
    }
}

/// Events of a topic in a second.
pub(crate) fn event_rate(labels: &Labels) -> f64 {
    let topic = [
        word(labels, "topic"),
        word(labels, "stream"),
        word(labels, "redpanda_topic"),
    ]
    .concat();
    match topic.rsplit('.').next().unwrap_or_default() {
        "created" => 1.1,
        "updated" => 1.7,
        "completed" => 0.8,
        "deleted" => 0.2,
        _ => 0.5,
    }
}

/// Some routes, databases, policies have more to do than others.
pub(crate) fn weight(labels: &Labels) -> f64 {
    let of = ["route", "path", "method", "datname", "policy", "pod"]
        .map(|label| word(labels, label))
        .concat();
    1.0 + 0.6 * story::noise(&of, 0)
}

pub(crate) fn has_dead_letters(labels: &Labels) -> bool {
    word(labels, "app_id").ends_with("-notification") && word(labels, "topic") == "task.reminder"
}
