//! Whether the applications are there, and whether they do what only they know.

use todoplatform_api::AlertSeverity::{Critical, Warning};
use todoplatform_kinds::monitoring::Rule;

use super::{Alert, Scope, Threshold};
use crate::catalog::Service;

const TARGET_MISSING: Alert = Alert {
    name: "TodoTargetMissing",
    severity: Critical,
    family: "target",
    for_: "10m",
    keep_firing_for: None,
    threshold: None,
    summary: "Prometheus reaches no <container> of <app_id>",
    description: "The container <container> answers in no pod of <app_id>: it is down, or it is not scraped. Look at: kubectl -n <namespace> get pods -l app.kubernetes.io/instance=<platform>,app.kubernetes.io/component=<component>",
    dashboard: "overview",
};
const TARGET_DOWN: Alert = Alert {
    name: "TodoTargetDown",
    severity: Warning,
    family: "target",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "{{ $labels.container }} of pod {{ $labels.pod }} does not answer",
    description: "Prometheus gets no metrics of this container. Look at: kubectl -n <namespace> describe pod {{ $labels.pod }}",
    dashboard: "overview",
};
const REMINDERS_LATE: Alert = Alert {
    name: "TodoRemindersLate",
    severity: Critical,
    family: "reminders",
    for_: "2m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "60",
        unit: "seconds",
    }),
    summary: "Reminders of <namespace>/<platform> come late",
    description: "The oldest due reminder has waited for more than <threshold> seconds. Look at: kubectl -n <namespace> logs deployment/<app_id> -c app",
    dashboard: "service",
};
const NOTIFICATIONS_FAILING: Alert = Alert {
    name: "TodoNotificationsFailing",
    severity: Warning,
    family: "notifications",
    for_: "10m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "0.05",
        unit: "share of all attempts",
    }),
    summary: "Notifications by {{ $labels.channel }} of <namespace>/<platform> fail",
    description: "{{ $value | humanizePercentage }} of all attempts to tell a user by {{ $labels.channel }} fail for good. Look at: kubectl -n <namespace> logs deployment/<app_id> -c app",
    dashboard: "service",
};
const RATE_LIMIT_DOWN: Alert = Alert {
    name: "TodoRateLimitBackendDown",
    severity: Warning,
    family: "rate-limit",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "The gateway of <namespace>/<platform> cannot count requests",
    description: "A pod of <app_id> does not reach the Redis in which requests are counted, so limits do not hold as they should. Look at: kubectl -n <namespace> logs deployment/<app_id> -c app",
    dashboard: "service",
};

pub(super) const ALERTS: &[Alert] = &[
    TARGET_MISSING,
    TARGET_DOWN,
    REMINDERS_LATE,
    NOTIFICATIONS_FAILING,
    RATE_LIMIT_DOWN,
];

pub(super) fn rules(scope: &Scope<'_>) -> Vec<Rule> {
    let apps = scope.apps();
    if apps.is_empty() {
        return Vec::new();
    }
    let mut rules = Vec::new();
    for app in apps {
        let of_app = scope
            .labelled("app_id", scope.app_id(app))
            .with("component", &app.node.name);
        // `== 1` within, so that it holds too when there are pods and none answers.
        rules.push(of_app.labelled("container", "daprd").alert(
            &TARGET_MISSING,
            r#"absent(up{<own>,app_id="<app_id>",container="daprd"} == 1)"#,
        ));
        if app.node.metrics_port.is_some() {
            rules.push(of_app.labelled("container", "app").alert(
                &TARGET_MISSING,
                r#"absent(up{<own>,app_id="<app_id>",endpoint="admin"} == 1)"#,
            ));
        }
        rules.extend(own_rules(&of_app, app.node.service).into_iter().map(Some));
    }
    rules.push(scope.alert(&TARGET_DOWN, "up{<own>,<apps>} == 0"));
    rules.into_iter().flatten().collect()
}

/// What only one of the five services knows.
fn own_rules(scope: &Scope<'_>, service: Option<Service>) -> Vec<Rule> {
    let (alert, expr) = match service {
        Some(Service::Scheduler) => (
            &REMINDERS_LATE,
            r#"max by (namespace) (todo_scheduler_due_lag_seconds{<own>,app_id="<app_id>"}) > <threshold>"#,
        ),
        // With a floor: one of one is no trend.
        Some(Service::Notification) => (
            &NOTIFICATIONS_FAILING,
            r#"sum by (namespace,channel) (rate(todo_notification_deliveries_total{<own>,app_id="<app_id>",outcome="failed"}[15m])) / (sum by (namespace,channel) (rate(todo_notification_deliveries_total{<own>,app_id="<app_id>"}[15m])) > 0.005) > <threshold>"#,
        ),
        Some(Service::Gateway) => (
            &RATE_LIMIT_DOWN,
            r#"min by (namespace) (todo_ratelimit_backend_up{<own>,app_id="<app_id>"}) == 0"#,
        ),
        _ => return Vec::new(),
    };
    scope.alert(alert, expr).into_iter().collect()
}
