//! One application, or some: its routes, its sidecar, its events, its database, its pods.

use super::{
    CHOSEN_APPS, Colour, Draft, Panel, Shape, Unit, WIDTH, quantile, rate, rate_of_some, row, share,
};

const REQUESTS: &str = "todo_http_request_duration_seconds";
const SIDECAR: &str = "dapr_http_client_roundtrip_latency";

pub(super) fn dashboard() -> Draft {
    Draft {
        name: "service",
        title: "Service",
        description: "One application, or those that are chosen: routes, events, database, pods.",
        has_apps: true,
        rows: vec![
            row("Requests", requests()),
            row("As its sidecar sees it", sidecar()),
            row("Events", events()),
            row("Database", database()),
            row("What only some services do", special()),
        ],
    }
}

fn requests() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Requests by status",
            "Requests that are answered, by status.",
            Unit::RequestsPerSecond,
        )
        .shape(Shape::Stacked)
        .line(
            rate("status", &format!("{REQUESTS}_count"), CHOSEN_APPS),
            "{{status}}",
        ),
        Panel::lines(
            "Requests that fail, by route",
            "Share of the requests to a route that were answered with 5xx.",
            Unit::Ratio,
        )
        .line(
            share(
                "app_id, method, route",
                &format!("{REQUESTS}_count"),
                CHOSEN_APPS,
                "status=~\"5..\"",
            ),
            "{{app_id}} {{method}} {{route}}",
        )
        .from(0.01, Colour::Red),
        Panel::lines(
            "Duration",
            "Half, 95 and 99 of 100 requests are answered within this time.",
            Unit::Seconds,
        )
        .line(quantile("0.5", "app_id", REQUESTS, CHOSEN_APPS), "{{app_id}} 50%")
        .line(
            quantile("0.95", "app_id", REQUESTS, CHOSEN_APPS),
            "{{app_id}} 95%",
        )
        .line(
            quantile("0.99", "app_id", REQUESTS, CHOSEN_APPS),
            "{{app_id}} 99%",
        ),
        Panel::lines(
            "Duration by route, 95 of 100",
            "95 of 100 requests to a route are answered within this time.",
            Unit::Seconds,
        )
        .width(WIDTH / 2)
        .line(
            quantile("0.95", "app_id, method, route", REQUESTS, CHOSEN_APPS),
            "{{app_id}} {{method}} {{route}}",
        ),
        Panel::lines(
            "Requests in flight",
            "Requests that are being answered at this moment.",
            Unit::Count,
        )
        .width(WIDTH / 2)
        .line(
            format!("sum by (app_id, pod) (todo_http_requests_in_flight{{{CHOSEN_APPS}}})"),
            "{{pod}}",
        ),
    ]
}

fn sidecar() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Calls and events to the app",
            "What the sidecar sends to the app, by status. Your own apps are counted here too.",
            Unit::RequestsPerSecond,
        )
        .line(
            rate(
                "app_id, status",
                "dapr_http_client_completed_count",
                CHOSEN_APPS,
            ),
            "{{app_id}} {{status}}",
        ),
        Panel::lines(
            "Duration, 95 of 100",
            "The app answers 95 of 100 of these within this time.",
            Unit::Milliseconds,
        )
        .line(quantile("0.95", "app_id", SIDECAR, CHOSEN_APPS), "{{app_id}}")
        .from(500.0, Colour::Orange),
        Panel::lines(
            "Health probes that fail",
            "Probes of the app by its sidecar that were not answered well. While they fail, nothing is delivered.",
            Unit::PerSecond,
        )
        .line(
            rate_of_some(
                "app_id",
                "dapr_http_healthprobes_completed_count",
                CHOSEN_APPS,
                "status!~\"2..\"",
            ),
            "{{app_id}}",
        ),
    ]
}

fn events() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Published",
            "Attempts to publish events out of the outbox, by topic and outcome.",
            Unit::PerSecond,
        )
        .line(
            rate(
                "app_id, topic, outcome",
                "todo_outbox_published_total",
                CHOSEN_APPS,
            ),
            "{{app_id}} {{topic}} {{outcome}}",
        ),
        Panel::lines(
            "Handled",
            "Events that arrived, by topic and what became of them.",
            Unit::PerSecond,
        )
        .line(
            rate("app_id, topic, outcome", "todo_event_handled_total", CHOSEN_APPS),
            "{{app_id}} {{topic}} {{outcome}}",
        ),
        Panel::lines(
            "Age when handled, 95 of 100",
            "95 of 100 events of a topic are handled within this time after they happened.",
            Unit::Seconds,
        )
        .line(
            quantile("0.95", "app_id, topic", "todo_event_age_seconds", CHOSEN_APPS),
            "{{app_id}} {{topic}}",
        )
        .from(30.0, Colour::Red),
    ]
}

fn database() -> Vec<Panel> {
    let connections = format!("sum by (app_id, state) (todo_db_pool_connections{{{CHOSEN_APPS}}})");
    let used = format!("sum by (app_id, pod) (todo_db_pool_connections{{{CHOSEN_APPS},state=\"used\"}})");
    let most = format!("sum by (app_id, pod) (todo_db_pool_connections_max{{{CHOSEN_APPS}}})");
    vec![
        Panel::lines(
            "Connections to PostgreSQL",
            "Connections of all pods of a service, idle and in use.",
            Unit::Count,
        )
        .width(WIDTH / 2)
        .line(connections, "{{app_id}} {{state}}"),
        Panel::lines(
            "Connections in use",
            "Share of the connections that a pod may have. At 100% requests wait for one.",
            Unit::Ratio,
        )
        .width(WIDTH / 2)
        .line(format!("{used} / ({most} > 0)"), "{{pod}}")
        .from(0.9, Colour::Red),
    ]
}

fn special() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Gateway: refused by the rate limit",
            "Requests that were refused because a user made too many, by policy.",
            Unit::RequestsPerSecond,
        )
        .line(rate("policy", "todo_rate_limited_total", CHOSEN_APPS), "{{policy}}"),
        Panel::lines(
            "Scheduler: reminders late, 95 of 100",
            "95 of 100 reminders are fired within this time after they were due; and how long the oldest one waits.",
            Unit::Seconds,
        )
        .line(
            quantile("0.95", "app_id", "todo_reminder_lateness_seconds", CHOSEN_APPS),
            "fired within",
        )
        .line(
            format!("max by (app_id) (todo_scheduler_due_lag_seconds{{{CHOSEN_APPS}}})"),
            "oldest waits",
        )
        .from(60.0, Colour::Red),
        Panel::lines(
            "Notification: attempts to tell a user",
            "Attempts by channel and outcome.",
            Unit::PerSecond,
        )
        .line(
            rate("channel, outcome", "todo_notification_deliveries_total", CHOSEN_APPS),
            "{{channel}} {{outcome}}",
        ),
    ]
}
