//! Which series there are of each metric of the catalogues. A metric that nobody has thought of has one series, with a word
//! for each of its labels.

use std::collections::BTreeMap;

use todoplatform_operator::metrics::catalog::{METRICS as OPERATOR, Type};
use todoplatform_render::{
    ValidatedPlatform,
    names::Names,
    observability::{
        alerts::alert,
        metrics::{Kind, SOURCES, Unit},
    },
};

use super::places::{app, apps, components, containers, groups, pods, slo_app, topics};

/// Values by the label's name; an empty one is none.
pub(crate) type Labels = BTreeMap<&'static str, String>;

/// A metric, of whichever catalogue.
#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    /// Those of the target, then its own.
    pub(crate) labels: Vec<&'static str>,
}

/// Of the platform's catalogue, then of the operator's.
pub(crate) fn metrics() -> Vec<Metric> {
    let of_platform = SOURCES.iter().flat_map(|source| {
        source.metrics.iter().map(|metric| Metric {
            name: metric.name.into(),
            kind: metric.kind,
            unit: metric.unit,
            labels: [source.target_labels, metric.labels].concat(),
        })
    });
    let of_operator = OPERATOR.iter().map(|metric| Metric {
        name: metric.full_name(),
        kind: match metric.type_ {
            Type::Counter => Kind::Counter,
            Type::Gauge | Type::Info => Kind::Gauge,
            Type::Histogram => Kind::Histogram,
        },
        unit: if metric.type_ == Type::Histogram {
            Unit::Seconds
        } else {
            Unit::Count
        },
        labels: [&["job", "instance", "pod"], metric.labels].concat(),
    });
    of_platform.chain(of_operator).collect()
}

/// The series of a metric.
pub(crate) fn series(metric: &Metric, platform: &ValidatedPlatform) -> Vec<Labels> {
    metric.labels.iter().fold(vec![Labels::new()], |series, label| {
        let longer = |known: Labels| {
            values(label, metric, &known, platform)
                .into_iter()
                .map(move |value| {
                    let mut labels = known.clone();
                    labels.insert(label, value);
                    labels
                })
        };
        series.into_iter().flat_map(longer).collect()
    })
}

/// The values that a label has beside those that are known already.
fn values(label: &str, metric: &Metric, known: &Labels, platform: &ValidatedPlatform) -> Vec<String> {
    let words = words(label, &metric.name, known);
    if !words.is_empty() {
        return words.iter().map(|word| (*word).to_owned()).collect();
    }
    of_platform(label, metric, known, platform).unwrap_or_else(|| vec![label.replace('_', "-")])
}

/// Values that are the same for every platform; none where they are not.
fn words(label: &str, metric: &str, known: &Labels) -> &'static [&'static str] {
    let is = |label: &str, value: &str| known.get(label).is_some_and(|known| known == value);
    match (label, metric) {
        ("pod", _) if metric.starts_with("todoplatform_") => &["todoplatform-operator-5d8f7c6b9-k2v7q"],
        ("job", _) if metric.starts_with("todoplatform_") => &["todoplatform-operator"],
        ("instance", _) if metric.starts_with("redis_") => &["todo-redis:6379"],
        ("instance", _) => &["10.0.0.7:8081"],
        ("method", _) if is("route", "/v1/tasks") || is("route", "/v1/projects") => &["GET", "POST"],
        ("method", _) if is("route", "/v1/tasks/{id}/complete") => &["POST"],
        ("method", _) if is("route", "/v1/tasks/{id}/move") => &["POST"],
        ("method", _) if is("route", "/v1/trash/{id}/restore") => &["POST"],
        ("method", _) if is("route", "/v1/trash/{id}") => &["DELETE"],
        ("method", _) if is("route", "/v1/projects/{id}/members/{user}") => &["PUT", "DELETE"],
        ("method", _) => &["GET"],
        ("topic" | "slo" | "window", "ALERTS") => &[""],
        ("outcome", "todo_outbox_published_total") => &["published", "failed"],
        ("outcome", "todo_event_handled_total") => &["applied", "duplicate", "dropped", "retried"],
        ("outcome", "todo_notification_deliveries_total") => &["delivered", "retried", "failed"],
        ("outcome", "todoplatform_reconcile_total") => &["applied", "waiting", "failed"],
        ("outcome", _) => &["done"],
        ("status", "dapr_resiliency_cb_state") => &["open", "closed"],
        ("status", "todoplatform_platform_condition") => &["True", "False", "Unknown"],
        ("status", "todoplatform_api_requests_total") => &["200", "409"],
        ("status", _) if metric.contains("healthprobes") || metric.contains("res_recv") => &["200", "500"],
        ("status", _) if metric.contains("http") => &["200", "404", "503"],
        ("status", _) => &["200"],
        ("process_status", _) => &["success", "retry", "drop"],
        ("success", _) => &["true", "false"],
        ("operation", _) if metric.contains("state") => &["get", "set"],
        ("operation", _) => &["schedule"],
        ("state", _) if metric.starts_with("todo_") => &["idle", "used"],
        ("state", _) => &["idle", "active"],
        ("name", _) if metric.starts_with("cnpg_") => &["max_connections"],
        ("policy", _) if metric.starts_with("todo_") => &["reads", "writes"],
        ("policy", "dapr_resiliency_cb_state") => &["circuitbreaker"],
        ("policy", _) => &["retry"],
        ("flow_direction", _) => &["outbound"],
        ("target", _) => &["component"],
        ("channel", _) => &["email", "webhook"],
        ("alertname", _) => &[
            "TodoOutboxStalled",
            "TodoDeadLettersKept",
            "TodoCircuitBreakerOpen",
        ],
        ("alertstate", _) => &["firing"],
        ("resource", _) => &["memory", "cpu"],
        ("unit", _) if is("resource", "memory") => &["byte"],
        ("unit", _) => &["core"],
        ("partition" | "redpanda_partition" | "db", _) => &["0"],
        ("kind", _) => &["Deployment", "Component"],
        ("step", _) => &["read", "render", "apply", "prune", "status"],
        ("type", "todoplatform_platform_condition") => &["Ready", "Degraded"],
        ("verb", _) => &["patch"],
        ("error" | "reason", _) => &["Timeout"],
        ("crd", _) => &["scaledobjects.keda.sh"],
        _ => &[],
    }
}

/// Values that are the platform's own; none for a label that nobody has thought of.
fn of_platform(
    label: &str,
    metric: &Metric,
    known: &Labels,
    platform: &ValidatedPlatform,
) -> Option<Vec<String>> {
    let names = &platform.names;
    let name = metric.name.as_str();
    let app = known.get("app_id").and_then(|id| app(platform, id));
    let apps_of = |metric| {
        apps(metric, platform)
            .map(|app| names.app_id(&app.node.name))
            .collect()
    };
    let component = |component: fn(&Names, &str) -> String| {
        vec![app.map_or_else(String::new, |app| component(names, &app.node.name))]
    };
    Some(match label {
        "namespace" => vec![names.namespace().into()],
        "platform" | "name" => vec![names.platform().into()],
        "app_id" if name.starts_with("todo:") => vec![slo_app(known, platform)],
        "app_id" => apps_of(name),
        "deployment" | "horizontalpodautoscaler" => apps_of(""),
        "pod" => pods(metric, known, platform),
        "job" | "service" | "container" if app.is_some() => vec![known["app_id"].clone()],
        "container" if name.starts_with("container_") || name.starts_with("kube_pod_") => containers(known),
        "route" | "path" => app.map_or_else(Vec::new, |app| app.node.routes.clone()),
        "topic" | "stream" | "redpanda_topic" => topics(name, app, known, platform),
        "group" | "consumergroup" | "redpanda_group" => groups(known, platform),
        "component" if name.starts_with("dapr_component_state") => {
            component(|names, app| names.state_component(app))
        }
        "component" if name.starts_with("dapr_") => component(|names, app| names.events_component(app)),
        "componentName" => component(|names, app| names.events_component(app)),
        "component" => components(known, platform),
        "dst_app_id" | "src_app_id" => {
            let calls = app.map_or(&[][..], |app| app.node.calls.as_slice());
            calls.iter().map(|called| names.app_id(called)).collect()
        }
        "datname" => ["task", "scheduler", "notification", "analytics"]
            .map(|app| names.database_role(app))
            .to_vec(),
        "slo" => platform
            .alerting
            .iter()
            .flat_map(|alerting| alerting.slos.keys().cloned())
            .collect(),
        "severity" => vec![
            alert(&known["alertname"])
                .map_or("warning", |alert| alert.severity.as_str())
                .into(),
        ],
        "statefulset" => vec![names.postgres(), names.redis()],
        "persistentvolumeclaim" => [names.postgres(), names.redis()]
            .map(|store| format!("data-{store}-0"))
            .to_vec(),
        "version" => vec![platform.version.clone()],
        "server" => vec![format!("{}:5432", names.postgres())],
        _ => return None,
    })
}
