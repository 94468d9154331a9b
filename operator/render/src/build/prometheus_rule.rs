//! PrometheusRule: a service that is gone, and events that do not get out.

use std::collections::BTreeMap;

use todoplatform_kinds::monitoring::{Group, PrometheusRule, PrometheusRuleSpec, Rule};

use super::object::{child, metadata};
use crate::{Child, ChildKind, ValidatedPlatform, graph::Node};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let Some(monitoring) = &platform.monitoring else {
        return Vec::new();
    };
    let running: Vec<_> = platform
        .apps
        .iter()
        // Stopped on purpose is not down.
        // Without a port for metrics nothing is known of it.
        .filter(|app| app.replicas > 0 && app.node.metrics_port.is_some())
        .map(|app| &app.node)
        .collect();
    let down = running.iter().map(|node| down(platform, node));
    let stuck = running
        .iter()
        .filter(|node| node.service.is_some() && !node.publishes.is_empty())
        .map(|node| outbox_stuck(platform, node));
    let group = Group {
        name: format!("{}.availability", platform.names.platform()),
        rules: down.chain(stuck).collect(),
    };
    let name = platform.names.platform();
    let mut object = PrometheusRule::new(name, PrometheusRuleSpec { groups: vec![group] });
    object.metadata = metadata(platform, name, None);
    object
        .metadata
        .labels
        .get_or_insert_default()
        .extend(monitoring.labels.clone());
    vec![child(ChildKind::PrometheusRule, None, &object)]
}

fn down(platform: &ValidatedPlatform, node: &Node) -> Rule {
    let app_id = platform.names.app_id(&node.name);
    let target = target(platform, &app_id);
    Rule {
        alert: "TodoServiceDown".into(),
        // Also when its targets are gone, where `up == 0` would say nothing.
        expr: format!("absent(up{{{target},endpoint=\"admin\"}} == 1)"),
        for_: Some("2m".into()),
        labels: labels(platform, &app_id, "critical", "service-down"),
        annotations: annotations(
            format!("No pod of {app_id} answers"),
            format!(
                "Prometheus has reached no pod of {app_id} for 2 minutes. Look at: kubectl -n {} get pods -l app.kubernetes.io/instance={},app.kubernetes.io/component={}",
                platform.names.namespace(),
                platform.names.platform(),
                node.name
            ),
        ),
    }
}

fn outbox_stuck(platform: &ValidatedPlatform, node: &Node) -> Rule {
    let app_id = platform.names.app_id(&node.name);
    let target = target(platform, &app_id);
    Rule {
        alert: "TodoOutboxStuck".into(),
        expr: format!("max(todo_outbox_oldest_age_seconds{{{target}}}) > 60"),
        for_: Some("5m".into()),
        labels: labels(platform, &app_id, "warning", "outbox-stuck"),
        annotations: annotations(
            format!("Events of {app_id} wait to be published"),
            format!(
                "The oldest event in the outbox of {app_id} has waited for more than a minute. Look at the broker and at: kubectl -n {} logs deployment/{app_id} -c daprd",
                platform.names.namespace()
            ),
        ),
    }
}

/// Equality matchers alone: `absent` keeps only those.
fn target(platform: &ValidatedPlatform, app_id: &str) -> String {
    format!(
        "namespace=\"{}\",platform=\"{}\",app_id=\"{app_id}\"",
        platform.names.namespace(),
        platform.names.platform()
    )
}

/// Static, since aggregations drop labels and Alertmanager routes by namespace.
fn labels(
    platform: &ValidatedPlatform,
    app_id: &str,
    severity: &str,
    family: &str,
) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("namespace".into(), platform.names.namespace().into()),
        ("platform".into(), platform.names.platform().into()),
        ("app_id".into(), app_id.into()),
        ("severity".into(), severity.into()),
        ("family".into(), family.into()),
    ])
}

fn annotations(summary: String, description: String) -> BTreeMap<String, String> {
    BTreeMap::from([("summary".into(), summary), ("description".into(), description)])
}
