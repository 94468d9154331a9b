//! Dapr's sidecar. Its latencies are milliseconds. Its own label `namespace` is dropped for the target's.

use super::{Metric, SCRAPED_APP, Source, Unit};

const HTTP: &[&str] = &["method", "path", "status"];
const COMPONENT: &[&str] = &["component", "operation", "success"];
const INGRESS: &[&str] = &["component", "process_status", "status", "topic"];
const EGRESS: &[&str] = &["component", "success", "topic"];
const RESILIENCY: &[&str] = &["name", "policy", "flow_direction", "target", "status"];

pub(super) const SOURCE: Source = Source {
    title: "Dapr's sidecars",
    target_labels: SCRAPED_APP,
    metrics: &[
        Metric::counter(
            "dapr_http_server_request_count",
            HTTP,
            "Requests of the app to Dapr's API",
        ),
        Metric::histogram(
            "dapr_http_server_latency",
            Unit::Milliseconds,
            HTTP,
            "How long Dapr's API takes to answer the app",
        ),
        Metric::counter(
            "dapr_http_client_completed_count",
            HTTP,
            "Requests of the sidecar to the app: calls of others and events",
        ),
        Metric::histogram(
            "dapr_http_client_roundtrip_latency",
            Unit::Milliseconds,
            HTTP,
            "How long the app takes to answer the sidecar",
        ),
        Metric::counter(
            "dapr_http_healthprobes_completed_count",
            &["status"],
            "Health probes of the sidecar to the app",
        ),
        Metric::histogram(
            "dapr_http_healthprobes_roundtrip_latency",
            Unit::Milliseconds,
            &["status"],
            "How long health probes of the app take",
        ),
        Metric::counter(
            "dapr_component_pubsub_ingress_count",
            INGRESS,
            "Attempts to deliver an event; process_status is success, retry or drop",
        ),
        Metric::histogram(
            "dapr_component_pubsub_ingress_latencies",
            Unit::Milliseconds,
            INGRESS,
            "How long the app takes for an event",
        ),
        Metric::counter(
            "dapr_component_pubsub_egress_count",
            EGRESS,
            "Events that the app published; not those that became dead letters",
        ),
        Metric::histogram(
            "dapr_component_pubsub_egress_latencies",
            Unit::Milliseconds,
            EGRESS,
            "How long the broker takes to accept an event",
        ),
        Metric::counter(
            "dapr_component_state_count",
            COMPONENT,
            "Requests to a state store",
        ),
        Metric::histogram(
            "dapr_component_state_latencies",
            Unit::Milliseconds,
            COMPONENT,
            "How long a state store takes",
        ),
        Metric::counter(
            "dapr_component_secret_count",
            COMPONENT,
            "Requests to a secret store",
        ),
        Metric::counter(
            "dapr_component_job_success_count",
            &["operation"],
            "Requests of jobs that succeeded",
        ),
        Metric::counter(
            "dapr_component_job_failure_count",
            &["operation"],
            "Requests of jobs that failed",
        ),
        Metric::gauge(
            "dapr_runtime_component_loaded",
            Unit::Count,
            &[],
            "Components that the sidecar has loaded",
        ),
        Metric::counter(
            "dapr_runtime_component_init_total",
            &["component"],
            "Components that were started",
        ),
        Metric::counter(
            "dapr_runtime_component_init_fail_total",
            &["component", "reason", "componentName"],
            "Components that could not be started",
        ),
        Metric::counter(
            "dapr_runtime_service_invocation_req_sent_total",
            &["dst_app_id", "type"],
            "Calls to other apps",
        ),
        Metric::counter(
            "dapr_runtime_service_invocation_req_recv_total",
            &["src_app_id"],
            "Calls of other apps",
        ),
        Metric::counter(
            "dapr_runtime_service_invocation_res_recv_total",
            &["src_app_id", "status", "type"],
            "Answers of other apps",
        ),
        Metric::histogram(
            "dapr_runtime_service_invocation_res_recv_latency_ms",
            Unit::Milliseconds,
            &["src_app_id", "status"],
            "How long other apps take to answer",
        ),
        Metric::counter(
            "dapr_resiliency_count",
            RESILIENCY,
            "How often a policy was asked",
        ),
        Metric::counter(
            "dapr_resiliency_activations_total",
            RESILIENCY,
            "How often a policy did something: a retry, a timeout, a change of a circuit",
        ),
        Metric::gauge(
            "dapr_resiliency_cb_state",
            Unit::Truth,
            RESILIENCY,
            "1 for the status that a circuit breaker has: closed, half-open, open or unknown",
        ),
    ],
};
