//! Messages, Dapr, who is told, networks, day 2.

use serde_json::{Value, json};
use todoplatform_api::rules::{self, CelRule};

use crate::{hook, ignored, key, resource, routed};

/// Each rule with a resource that breaks it alone, and the field that is named.
#[expect(clippy::too_many_lines, reason = "one table")]
pub(crate) fn broken() -> Vec<(CelRule, Value, &'static str)> {
    vec![
        (
            rules::SMTP_CREDENTIALS,
            resource(json!({"notifications": {"smtp": {"host": "mail", "usernameSecretKeyRef": key()}}})),
            "spec.notifications.smtp",
        ),
        (
            rules::RESILIENCY_TARGET_NOT_EMPTY,
            resource(json!({"dapr": {"resiliency": {"targets": [{"name": "task"}]}}})),
            "spec.dapr.resiliency.targets[0]",
        ),
        (
            rules::STATE_STORE_ONE_OF,
            resource(json!({"dapr": {"stateStore": {}}})),
            "spec.dapr.stateStore",
        ),
        (
            rules::STATE_STORE_ONE_OF,
            resource(json!({"dapr": {"stateStore": {"postgresql": {}, "redis": {}}}})),
            "spec.dapr.stateStore",
        ),
        (
            rules::STATE_STORE_REDIS_HOST,
            resource(json!({"dapr": {"stateStore": {"redis": {"enableTls": true}}}})),
            "spec.dapr.stateStore.redis",
        ),
        (
            rules::TRACING_ONE_OF,
            resource(json!({"dapr": {"tracing": {"samplingRate": "0.5"}}})),
            "spec.dapr.tracing",
        ),
        (
            rules::RECEIVER_ONE_OF,
            routed(json!({"name": "nobody"}), json!([])),
            "spec.observability.routing.receivers[0]",
        ),
        (
            rules::RECEIVER_ONE_OF,
            routed(
                json!({"name": "both", "webhook": {"urlSecretKeyRef": key()}, "pagerDuty": {"routingKeySecretKeyRef": key()}}),
                json!([]),
            ),
            "spec.observability.routing.receivers[0]",
        ),
        (
            rules::EMAIL_CREDENTIALS,
            routed(
                json!({"name": "mail", "email": {"to": "a@b", "from": "a@b", "smarthost": "mail:25", "username": "me"}}),
                json!([]),
            ),
            "spec.observability.routing.receivers[0].email",
        ),
        (
            rules::MAINTENANCE_NARROWS,
            routed(hook(), json!([{"name": "always"}])),
            "spec.observability.routing.maintenance[0]",
        ),
        (
            rules::MAINTENANCE_TIMES,
            routed(
                hook(),
                json!([{"name": "night", "times": [{"start": "22:00", "end": "02:00"}]}]),
            ),
            "spec.observability.routing.maintenance[0].times[0]",
        ),
        (
            rules::MAINTENANCE_DAYS,
            routed(
                hook(),
                json!([{"name": "days", "daysOfMonth": [{"first": 7, "last": 1}]}]),
            ),
            "spec.observability.routing.maintenance[0].daysOfMonth[0]",
        ),
        (
            rules::DASHBOARDS_GRAFANA_OPERATOR,
            resource(json!({"observability": {"dashboards": {"grafanaOperator": {"folder": "Todo"}}}})),
            "spec.observability.dashboards.grafanaOperator",
        ),
        (
            rules::NETWORK_RULE_NARROWS,
            resource(json!({"networkPolicy": {"extraEgress": [{"name": "all"}]}})),
            "spec.networkPolicy.extraEgress[0]",
        ),
        (
            rules::NETWORK_RULE_PEER,
            resource(
                json!({"networkPolicy": {"extraIngress": [{"name": "both", "cidrs": ["10.0.0.0/8"], "podLabels": {"app": "x"}}]}}),
            ),
            "spec.networkPolicy.extraIngress[0]",
        ),
        (
            rules::DRIFT_IGNORE_NEEDS_A_LOOK,
            resource(json!({"driftPolicy": {"mode": "Ignore", "ignore": [ignored()]}})),
            "spec.driftPolicy",
        ),
        (
            rules::KEPT_WORKLOADS_NEED_KEYS_AND_DATA,
            resource(json!({"deletionPolicy": {"workloads": "Retain", "keys": "Retain"}})),
            "spec.deletionPolicy",
        ),
        (
            rules::KEPT_WORKLOADS_NEED_KEYS_AND_DATA,
            resource(json!({"deletionPolicy": {"workloads": "Orphan", "keys": "Delete", "data": "Retain"}})),
            "spec.deletionPolicy",
        ),
    ]
}
