//! The five services, by their own endpoint.

use super::{Metric, SCRAPED_APP, Source, Unit};

pub(super) const SOURCE: Source = Source {
    title: "The services",
    target_labels: SCRAPED_APP,
    metrics: &[
        Metric::gauge(
            "todo_build_info",
            Unit::Truth,
            &["component", "version"],
            "Always 1; which version of which service runs",
        ),
        Metric::histogram(
            "todo_http_request_duration_seconds",
            Unit::Seconds,
            &["route", "method", "status"],
            "How long requests take, by the route's template and the full status code",
        ),
        Metric::gauge(
            "todo_http_requests_in_flight",
            Unit::Count,
            &[],
            "Requests that are being answered",
        ),
        Metric::gauge(
            "todo_outbox_pending",
            Unit::Count,
            &[],
            "Events that wait to be published",
        ),
        Metric::gauge(
            "todo_outbox_parked",
            Unit::Count,
            &[],
            "Events that were set aside after too many attempts",
        ),
        Metric::gauge(
            "todo_outbox_oldest_age_seconds",
            Unit::Seconds,
            &[],
            "How long the oldest waiting event has waited",
        ),
        Metric::counter(
            "todo_outbox_published_total",
            &["topic", "outcome"],
            "Attempts to publish an event; outcome is published or failed",
        ),
        Metric::histogram(
            "todo_event_age_seconds",
            Unit::Seconds,
            &["topic"],
            "From when an event happened until it was handled",
        ),
        Metric::counter(
            "todo_event_handled_total",
            &["topic", "outcome"],
            "Events that arrived; outcome is applied, duplicate, dropped or retried",
        ),
        Metric::gauge(
            "todo_dead_letters",
            Unit::Count,
            &["topic"],
            "Rows in the table of dead letters",
        ),
        Metric::counter(
            "todo_dead_letters_received_total",
            &["topic"],
            "Dead letters that arrived",
        ),
        Metric::gauge(
            "todo_db_pool_connections",
            Unit::Count,
            &["state"],
            "Connections to PostgreSQL; state is idle or used",
        ),
        Metric::gauge(
            "todo_db_pool_connections_max",
            Unit::Count,
            &[],
            "Most connections to PostgreSQL",
        ),
        Metric::gauge(
            "todo_scheduler_due_lag_seconds",
            Unit::Seconds,
            &[],
            "How long the oldest due reminder has waited to be fired",
        ),
        Metric::counter("todo_reminders_fired_total", &[], "Reminders that were fired"),
        Metric::histogram(
            "todo_reminder_lateness_seconds",
            Unit::Seconds,
            &[],
            "From when a reminder was due until it was fired",
        ),
        Metric::counter(
            "todo_notification_deliveries_total",
            &["channel", "outcome"],
            "Attempts to tell a user; outcome is delivered, retried or failed",
        ),
        Metric::counter(
            "todo_rate_limited_total",
            &["policy"],
            "Requests that the rate limit refused",
        ),
        Metric::gauge(
            "todo_ratelimit_backend_up",
            Unit::Truth,
            &[],
            "Whether the gateway reaches the Redis that counts requests",
        ),
    ],
};
