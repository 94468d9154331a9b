//! What the sidecars see: calls, events, components.

use todoplatform_api::AlertSeverity::{Critical, Warning};
use todoplatform_kinds::monitoring::Rule;

use super::{Alert, Scope, Threshold, scope::risen};

const APP_ERRORS: Alert = Alert {
    name: "TodoAppErrorsHigh",
    severity: Warning,
    family: "app",
    for_: "10m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "0.05",
        unit: "share of all requests",
    }),
    summary: "{{ $labels.app_id }} fails calls and events",
    description: "{{ $value | humanizePercentage }} of what the sidecar hands to {{ $labels.app_id }} is answered with a status of 500 or above. Look at: kubectl -n <namespace> logs deployment/{{ $labels.app_id }} -c app",
    dashboard: "overview",
};
const APP_LATENCY: Alert = Alert {
    name: "TodoAppLatencyHigh",
    severity: Warning,
    family: "app",
    for_: "10m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "500",
        unit: "milliseconds",
    }),
    summary: "{{ $labels.app_id }} is slow",
    description: "One answer of twenty takes {{ $value | printf \"%.0f\" }} ms or longer. Look at: kubectl -n <namespace> top pods --containers",
    dashboard: "overview",
};
const APP_UNHEALTHY: Alert = Alert {
    name: "TodoAppUnhealthy",
    severity: Warning,
    family: "app",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "The sidecar of {{ $labels.app_id }} finds it not well",
    description: "Health probes fail, and while they do it is handed no events and no calls. Look at: kubectl -n <namespace> logs deployment/{{ $labels.app_id }} -c app",
    dashboard: "dapr",
};
const PUBLISH_FAILING: Alert = Alert {
    name: "TodoPublishFailing",
    severity: Critical,
    family: "delivery",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "{{ $labels.app_id }} cannot publish to {{ $labels.topic }}",
    description: "The broker does not accept events; they wait in the outbox and none is lost. Look at: kubectl -n <namespace> logs deployment/{{ $labels.app_id }} -c daprd",
    dashboard: "events",
};
const DELIVERY_RETRYING: Alert = Alert {
    name: "TodoDeliveryRetrying",
    severity: Warning,
    family: "delivery",
    for_: "10m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "0.05",
        unit: "share of all attempts",
    }),
    summary: "{{ $labels.app_id }} asks for events of {{ $labels.topic }} again and again",
    description: "{{ $value | humanizePercentage }} of all attempts to hand over an event are to be repeated. Look at: kubectl -n <namespace> logs deployment/{{ $labels.app_id }} -c app",
    dashboard: "events",
};
const MESSAGES_DROPPED: Alert = Alert {
    name: "TodoMessagesDropped",
    severity: Warning,
    family: "delivery",
    for_: "0s",
    keep_firing_for: None,
    threshold: None,
    summary: "Events of {{ $labels.topic }} are not handled by {{ $labels.app_id }}",
    description: "Status `success`: the application said that it does not want them. No status: every attempt failed, and they became dead letters. Look at: kubectl -n <namespace> logs deployment/{{ $labels.app_id }} -c app",
    dashboard: "events",
};
const CIRCUIT_OPEN: Alert = Alert {
    name: "TodoCircuitBreakerOpen",
    severity: Warning,
    family: "circuit",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "{{ $labels.app_id }} leaves {{ $labels.target }} alone",
    description: "So much failed in a row that the sidecar does not try any more for a while. Look at what {{ $labels.target }} is, and at: kubectl -n <namespace> logs deployment/{{ $labels.app_id }} -c daprd",
    dashboard: "dapr",
};
const COMPONENT_FAILED: Alert = Alert {
    name: "TodoDaprComponentInitFailed",
    severity: Critical,
    family: "component",
    for_: "0s",
    keep_firing_for: None,
    threshold: None,
    summary: "The sidecar of {{ $labels.app_id }} cannot start {{ $labels.componentName }}",
    description: "The sidecar ends when a component does not start, and the pod with it. Look at: kubectl -n <namespace> logs deployment/{{ $labels.app_id }} -c daprd --previous",
    dashboard: "dapr",
};
const JOBS_FAILING: Alert = Alert {
    name: "TodoJobsFailing",
    severity: Warning,
    family: "jobs",
    for_: "0s",
    keep_firing_for: None,
    threshold: None,
    summary: "Jobs of {{ $labels.app_id }} fail",
    description: "Dapr's scheduler refuses jobs of this application, or the application fails them. Look at: kubectl -n <namespace> logs deployment/{{ $labels.app_id }} -c daprd",
    dashboard: "dapr",
};

pub(super) const ALERTS: &[Alert] = &[
    APP_ERRORS,
    APP_LATENCY,
    APP_UNHEALTHY,
    PUBLISH_FAILING,
    DELIVERY_RETRYING,
    MESSAGES_DROPPED,
    CIRCUIT_OPEN,
    COMPONENT_FAILED,
    JOBS_FAILING,
];

pub(super) fn rules(scope: &Scope<'_>) -> Vec<Rule> {
    if scope.apps().is_empty() {
        return Vec::new();
    }
    let dropped = risen(r#"dapr_component_pubsub_ingress_count{<own>,<apps>,process_status="drop"}"#);
    let failed = risen("dapr_runtime_component_init_fail_total{<own>,<apps>}");
    let jobs = risen("dapr_component_job_failure_count{<own>,<apps>}");
    // What is asked for over five minutes looks back two: an outage that is over is told of no more.
    let rules = [
        scope.alert(
            &APP_ERRORS,
            r#"sum by (namespace,app_id) (rate(dapr_http_client_completed_count{<own>,<apps>,status=~"5.."}[5m])) / (sum by (namespace,app_id) (rate(dapr_http_client_completed_count{<own>,<apps>}[5m])) > 0.05) > <threshold>"#,
        ),
        scope.alert(
            &APP_LATENCY,
            "histogram_quantile(0.95, sum by (namespace,app_id,le) (rate(dapr_http_client_roundtrip_latency_bucket{<own>,<apps>}[5m]))) > <threshold>",
        ),
        scope.alert(
            &APP_UNHEALTHY,
            r#"sum by (namespace,app_id) (rate(dapr_http_healthprobes_completed_count{<own>,<apps>,status!~"2.."}[2m])) > 0"#,
        ),
        scope.alert(
            &PUBLISH_FAILING,
            r#"sum by (namespace,app_id,topic) (rate(dapr_component_pubsub_egress_count{<own>,<apps>,success="false"}[2m])) > 0"#,
        ),
        scope.alert(
            &DELIVERY_RETRYING,
            r#"sum by (namespace,app_id,topic) (rate(dapr_component_pubsub_ingress_count{<own>,<apps>,process_status="retry"}[10m])) / (sum by (namespace,app_id,topic) (rate(dapr_component_pubsub_ingress_count{<own>,<apps>}[10m])) > 0.005) > <threshold>"#,
        ),
        scope.alert(
            &MESSAGES_DROPPED,
            &format!("sum by (namespace,app_id,topic,status) ({dropped}) > 0"),
        ),
        scope.alert(
            &CIRCUIT_OPEN,
            r#"max by (namespace,app_id,name,target,flow_direction) (dapr_resiliency_cb_state{<own>,<apps>,status="open"}) == 1"#,
        ),
        scope.alert(
            &COMPONENT_FAILED,
            &format!("sum by (namespace,app_id,componentName,reason) ({failed}) > 0"),
        ),
        scope.alert(&JOBS_FAILING, &format!("sum by (namespace,app_id) ({jobs}) > 0")),
    ];
    rules.into_iter().flatten().collect()
}
