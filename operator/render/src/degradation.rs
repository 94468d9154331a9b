//! What the platform does without, although it is declared: it serves, but not as declared.

use crate::{ChildKind, Facts, ValidatedPlatform};

/// Something that the platform does without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Degradation {
    /// One word; stable, for machines.
    pub reason: &'static str,
    /// One sentence: what is missing and what is done instead.
    pub message: String,
}

/// Services are to scale by the events that wait, and KEDA is not there.
pub const KEDA_MISSING: &str = "KedaMissing";

/// An HTTPRoute is declared, and the Gateway API is not there.
pub const HTTP_ROUTE_MISSING: &str = "HttpRouteMissing";
/// Topics are to be made by Strimzi, and `KafkaTopic` is not there.
pub const KAFKA_TOPIC_MISSING: &str = "KafkaTopicMissing";
/// Alerts are to be routed, and AlertmanagerConfig is not there.
pub const ALERTMANAGER_CONFIG_MISSING: &str = "AlertmanagerConfigMissing";
/// Dashboards are for the Grafana operator, and its kind is not there.
pub const GRAFANA_DASHBOARD_MISSING: &str = "GrafanaDashboardMissing";
/// Topics have fewer partitions or replicas than asked for.
pub const TOPICS_DIFFER: &str = "TopicsDiffer";

/// An exporter does not become ready.
pub const EXPORTER_NOT_READY: &str = "ExporterNotReady";

/// Everything that the platform does without; empty when it is as declared.
pub fn degradations(platform: &ValidatedPlatform, facts: &Facts) -> Vec<Degradation> {
    let by_lag: Vec<&str> = platform
        .apps
        .iter()
        .filter(|app| {
            app.autoscaling
                .is_some_and(|autoscaling| autoscaling.broker_lag.is_some())
        })
        .map(|app| app.node.name.as_str())
        .collect();
    let mut degradations = Vec::new();
    if !by_lag.is_empty() && !facts.has_keda() {
        let missing: Vec<String> = ChildKind::ALL
            .into_iter()
            .filter(|kind| kind.is_keda() && !facts.optional_kinds.contains(kind))
            .map(|kind| {
                let resource = kind.api_resource();
                format!("{}.{}", resource.plural, resource.group)
            })
            .collect();
        degradations.push(Degradation {
            reason: KEDA_MISSING,
            message: format!(
                "{}: scales by CPU and memory only, the API server does not serve {}",
                by_lag.join(", "),
                missing.join(", ")
            ),
        });
    }
    let is_missing = |kind: ChildKind| !facts.optional_kinds.contains(&kind);
    let routed: Vec<&str> = platform
        .apps
        .iter()
        .filter(|app| platform.http_route(app).is_some())
        .map(|app| app.node.name.as_str())
        .collect();
    if !routed.is_empty() && is_missing(ChildKind::HttpRoute) {
        degradations.push(Degradation {
            reason: HTTP_ROUTE_MISSING,
            message: format!(
                "{}: reached inside the cluster only, the API server does not serve httproutes.gateway.networking.k8s.io",
                routed.join(", ")
            ),
        });
    }
    if platform.topics.is_some() && is_missing(ChildKind::KafkaTopic) {
        degradations.push(Degradation {
            reason: KAFKA_TOPIC_MISSING,
            message: "topics: not made, the API server does not serve kafkatopics.kafka.strimzi.io in v1"
                .into(),
        });
    }
    if platform.routing.is_some() && is_missing(ChildKind::AlertmanagerConfig) {
        degradations.push(Degradation {
            reason: ALERTMANAGER_CONFIG_MISSING,
            message: "routing: none of its receivers is told of alerts, the API server does not serve alertmanagerconfigs.monitoring.coreos.com in v1alpha1".into(),
        });
    }
    let are_for_operator = platform
        .dashboards
        .as_ref()
        .is_some_and(|dashboards| dashboards.grafana_operator.is_some());
    if are_for_operator && is_missing(ChildKind::GrafanaDashboard) {
        degradations.push(Degradation {
            reason: GRAFANA_DASHBOARD_MISSING,
            message: "dashboards: not shown, the API server does not serve grafanadashboards.grafana.integreatly.org; delivery ConfigMap needs no kind".into(),
        });
    }
    if let Some(topics) = facts.dependencies.get("topics")
        && topics.reason == TOPICS_DIFFER
    {
        degradations.push(Degradation {
            reason: TOPICS_DIFFER,
            message: format!("topics: {}", topics.message),
        });
    }
    degradations
}
