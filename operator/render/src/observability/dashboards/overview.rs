//! The platform at a glance: what fires, and of each application how many requests, how many failed, how long.

use super::{CHOSEN, Colour, Draft, Panel, Shape, Unit, WIDTH, quantile, rate, row, share};

const REQUESTS: &str = "todo_http_request_duration_seconds";

pub(super) fn dashboard() -> Draft {
    Draft {
        name: "overview",
        title: "Overview",
        description: "The platform at a glance: start here, then open the dashboard that the panel's description names.",
        has_apps: false,
        rows: vec![
            row("Now", now()),
            row("Requests, as the services count them", requests()),
            row("Events", events()),
            row("Pods, where kube-state-metrics and cAdvisor are scraped", pods()),
        ],
    }
}

fn now() -> Vec<Panel> {
    let firing = |severity: &str| {
        format!("count(ALERTS{{{CHOSEN},alertstate=\"firing\",severity=\"{severity}\"}}) or vector(0)")
    };
    vec![
        Panel::stat(
            "Critical alerts",
            "Alerts that fire and that users notice. Each has a runbook.",
            Unit::Count,
        )
        .line(firing("critical"), "critical")
        .from(1.0, Colour::Red),
        Panel::stat("Warnings", "Alerts that fire and that users will notice.", Unit::Count)
            .line(firing("warning"), "warning")
            .from(1.0, Colour::Orange),
        Panel::stat(
            "Targets that do not answer",
            "Pods and exporters that Prometheus knows and cannot scrape. Those that are gone are not counted.",
            Unit::Count,
        )
        .line(format!("count(up{{{CHOSEN}}} == 0) or vector(0)"), "down")
        .from(1.0, Colour::Red),
        Panel::stat(
            "Requests that fail",
            "Share of requests to the gateway that were answered with 5xx, over 5 minutes.",
            Unit::Ratio,
        )
        .line(
            format!(
                "(sum(rate({REQUESTS}_count{{{CHOSEN},app_id=~\".*-gateway\",status=~\"5..\"}}[5m])) or vector(0)) \
                 / (sum(rate({REQUESTS}_count{{{CHOSEN},app_id=~\".*-gateway\"}}[5m])) > 0)"
            ),
            "5xx",
        )
        .from(0.001, Colour::Orange)
        .from(0.01, Colour::Red),
        Panel::stat(
            "Oldest event not published",
            "How long the oldest event has waited in an outbox. More: dashboard Events.",
            Unit::Seconds,
        )
        .line(format!("max(todo_outbox_oldest_age_seconds{{{CHOSEN}}})"), "oldest")
        .from(30.0, Colour::Orange)
        .from(60.0, Colour::Red),
        Panel::stat(
            "Dead letters",
            "Events that a service gave up on and keeps. More: dashboard Events.",
            Unit::Count,
        )
        .line(
            format!("sum(max by (app_id, topic) (todo_dead_letters{{{CHOSEN}}})) or vector(0)"),
            "kept",
        )
        .from(1.0, Colour::Orange),
    ]
}

fn requests() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Requests",
            "Requests that each service answers. More: dashboard Service.",
            Unit::RequestsPerSecond,
        )
        .line(rate("app_id", &format!("{REQUESTS}_count"), CHOSEN), "{{app_id}}"),
        Panel::lines(
            "Requests that fail",
            "Share of requests that were answered with 5xx. Refusals (4xx) are the caller's.",
            Unit::Ratio,
        )
        .line(
            share("app_id", &format!("{REQUESTS}_count"), CHOSEN, "status=~\"5..\""),
            "{{app_id}}",
        )
        .from(0.01, Colour::Red),
        Panel::lines(
            "Duration, 95 of 100 requests",
            "95 of 100 requests are answered within this time.",
            Unit::Seconds,
        )
        .line(quantile("0.95", "app_id", REQUESTS, CHOSEN), "{{app_id}}")
        .from(0.3, Colour::Orange),
    ]
}

fn events() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Events handled",
            "Events that services handled, by what became of them.",
            Unit::PerSecond,
        )
        .shape(Shape::Stacked)
        .line(rate("outcome", "todo_event_handled_total", CHOSEN), "{{outcome}}"),
        Panel::lines(
            "Events that wait to be published",
            "Rows in the outboxes. They grow while the broker or a sidecar does not answer.",
            Unit::Count,
        )
        .line(
            format!("max by (app_id) (todo_outbox_pending{{{CHOSEN}}})"),
            "{{app_id}}",
        ),
        Panel::lines(
            "Age of events when handled, 95 of 100",
            "95 of 100 events are handled within this time after they happened.",
            Unit::Seconds,
        )
        .line(
            quantile("0.95", "app_id", "todo_event_age_seconds", CHOSEN),
            "{{app_id}}",
        )
        .from(30.0, Colour::Red),
    ]
}

fn pods() -> Vec<Panel> {
    // Of these only the namespace and the pod's name say whose they are.
    let of_platform = "namespace=\"$namespace\",pod=~\"$platform-.*\",container!=\"\"";
    vec![
        Panel::lines("CPU", "CPU that each container uses.", Unit::Cores).line(
            rate("pod, container", "container_cpu_usage_seconds_total", of_platform),
            "{{pod}} {{container}}",
        ),
        Panel::lines(
            "Memory against its limit",
            "At 100% the container is killed.",
            Unit::Ratio,
        )
        .line(
            format!(
                "max by (pod, container) (container_memory_working_set_bytes{{{of_platform}}}) / max by (pod, container) (kube_pod_container_resource_limits{{{of_platform},resource=\"memory\"}} > 0)"
            ),
            "{{pod}} {{container}}",
        )
        .from(0.9, Colour::Red),
        Panel::lines(
            "Restarts",
            "How often containers were started again, in the width of a step.",
            Unit::Count,
        )
        .line(
            format!(
                "sum by (pod, container) (increase(kube_pod_container_status_restarts_total{{{of_platform}}}[{}]))",
                super::INTERVAL
            ),
            "{{pod}} {{container}}",
        ),
        Panel::table("Versions", "Which version each service runs, in how many pods.", Unit::Count)
            .width(WIDTH)
            .line(
                format!("count by (app_id, version) (todo_build_info{{{CHOSEN}}})"),
                "pods",
            ),
    ]
}
