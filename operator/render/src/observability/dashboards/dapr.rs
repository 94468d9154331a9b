//! Dapr's sidecars: its API, calls between apps, pub/sub, stores, resiliency.

use super::{CHOSEN_APPS, Colour, Draft, Panel, Unit, WIDTH, quantile, rate, rate_of_some, row};

const BY_POLICY: &str = "app_id, policy, target, flow_direction";

pub(super) fn dashboard() -> Draft {
    Draft {
        name: "dapr",
        title: "Dapr",
        description: "What the sidecars count. Their durations are milliseconds.",
        has_apps: true,
        rows: vec![
            row("Sidecars", sidecars()),
            row("Calls between apps", calls()),
            row("Pub/sub", pubsub()),
            row("Stores", stores()),
            row("Resiliency", resiliency()),
        ],
    }
}

fn sidecars() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Requests to Dapr's API",
            "What apps ask of their sidecars, by status.",
            Unit::RequestsPerSecond,
        )
        .line(
            rate("app_id, status", "dapr_http_server_request_count", CHOSEN_APPS),
            "{{app_id}} {{status}}",
        ),
        Panel::lines(
            "Duration of Dapr's API, 95 of 100",
            "The sidecar answers 95 of 100 requests of the app within this time, with all that it waits for.",
            Unit::Milliseconds,
        )
        .line(
            quantile("0.95", "app_id", "dapr_http_server_latency", CHOSEN_APPS),
            "{{app_id}}",
        ),
        Panel::lines(
            "Components",
            "Components that a sidecar has loaded, and starts of components that failed.",
            Unit::Count,
        )
        .line(
            format!("min by (app_id) (dapr_runtime_component_loaded{{{CHOSEN_APPS}}})"),
            "{{app_id}} loaded",
        )
        .line(
            format!(
                "sum by (app_id, componentName, reason) (increase(dapr_runtime_component_init_fail_total{{{CHOSEN_APPS}}}[{}])) > 0",
                super::INTERVAL
            ),
            "{{app_id}} {{componentName}} failed: {{reason}}",
        ),
    ]
}

fn calls() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Calls sent",
            "Calls of an app to another through both sidecars.",
            Unit::RequestsPerSecond,
        )
        .line(
            rate(
                "app_id, dst_app_id",
                "dapr_runtime_service_invocation_req_sent_total",
                CHOSEN_APPS,
            ),
            "{{app_id}} to {{dst_app_id}}",
        ),
        Panel::lines(
            "Answers received",
            "Answers of other apps by status.",
            Unit::RequestsPerSecond,
        )
        .line(
            rate(
                "app_id, src_app_id, status",
                "dapr_runtime_service_invocation_res_recv_total",
                CHOSEN_APPS,
            ),
            "{{app_id}} from {{src_app_id}} {{status}}",
        ),
        Panel::lines(
            "Duration of calls, 95 of 100",
            "Other apps answer 95 of 100 calls within this time.",
            Unit::Milliseconds,
        )
        .line(
            quantile(
                "0.95",
                "app_id, src_app_id",
                "dapr_runtime_service_invocation_res_recv_latency_ms",
                CHOSEN_APPS,
            ),
            "{{app_id}} from {{src_app_id}}",
        ),
    ]
}

fn pubsub() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Publishing that fails",
            "Events that the broker did not take. They stay in the outbox and are tried again.",
            Unit::PerSecond,
        )
        .line(
            rate_of_some(
                "app_id, topic",
                "dapr_component_pubsub_egress_count",
                CHOSEN_APPS,
                "success=\"false\"",
            ),
            "{{app_id}} {{topic}}",
        )
        .from(0.01, Colour::Red),
        Panel::lines(
            "Deliveries",
            "Attempts to deliver an event to the app: success, retry or drop. A drop is deliberate, or a dead letter.",
            Unit::PerSecond,
        )
        .line(
            rate(
                "app_id, process_status",
                "dapr_component_pubsub_ingress_count",
                CHOSEN_APPS,
            ),
            "{{app_id}} {{process_status}}",
        ),
        Panel::lines(
            "Duration of deliveries, 95 of 100",
            "The app takes this time or less for 95 of 100 events of a topic.",
            Unit::Milliseconds,
        )
        .line(
            quantile(
                "0.95",
                "app_id, topic",
                "dapr_component_pubsub_ingress_latencies",
                CHOSEN_APPS,
            ),
            "{{app_id}} {{topic}}",
        ),
    ]
}

fn stores() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Requests to state stores",
            "By operation and whether they succeeded.",
            Unit::RequestsPerSecond,
        )
        .width(WIDTH / 2)
        .line(
            rate(
                "app_id, operation, success",
                "dapr_component_state_count",
                CHOSEN_APPS,
            ),
            "{{app_id}} {{operation}} {{success}}",
        ),
        Panel::lines(
            "Duration of state stores, 95 of 100",
            "A store answers 95 of 100 requests within this time.",
            Unit::Milliseconds,
        )
        .width(WIDTH / 2)
        .line(
            quantile(
                "0.95",
                "app_id, operation",
                "dapr_component_state_latencies",
                CHOSEN_APPS,
            ),
            "{{app_id}} {{operation}}",
        ),
    ]
}

fn resiliency() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Retries, timeouts, circuits",
            "How often a policy did something.",
            Unit::PerSecond,
        )
        .width(WIDTH / 2)
        .line(
            // Of a policy that never had to, there is no series.
            format!(
                "{} or 0 * {}",
                rate(BY_POLICY, "dapr_resiliency_activations_total", CHOSEN_APPS),
                rate(BY_POLICY, "dapr_resiliency_count", CHOSEN_APPS)
            ),
            "{{app_id}} {{policy}} {{flow_direction}} {{target}}",
        ),
        Panel::table(
            "Circuits that are open",
            "What a sidecar does not even try at the moment, because it failed too often.",
            Unit::Count,
        )
        .line(
            format!(
                "max by (app_id, name, target, flow_direction) (dapr_resiliency_cb_state{{{CHOSEN_APPS},status=\"open\"}}) == 1"
            ),
            "open",
        ),
    ]
}
