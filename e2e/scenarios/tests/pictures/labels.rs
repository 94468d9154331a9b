//! Which series there are of each metric of the catalogues. A metric that nobody has thought of has one series, with a word
//! for each of its labels.

use std::collections::BTreeMap;

use todoplatform_operator::metrics::catalog::{METRICS as OPERATOR, Type};
use todoplatform_render::{
    ValidatedPlatform,
    observability::{
        alerts::alert,
        metrics::{Kind, SOURCES, Unit},
    },
};

use super::places::{app, apps, containers, groups, instance, pods, slo_app, topics};

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
    let names = &platform.names;
    let app = known.get("app_id").and_then(|id| app(platform, id));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let one = |word: String| vec![word];
    let name = metric.name.as_str();
    match label {
        "namespace" => one(names.namespace().into()),
        "platform" => one(names.platform().into()),
        "app_id" if name.starts_with("todo:") => one(slo_app(known, platform)),
        "app_id" => apps(name, platform)
            .map(|app| names.app_id(&app.node.name))
            .collect(),
        "pod" if name.starts_with("todoplatform_") => words(&["todoplatform-operator-5d8f7c6b9-k2v7q"]),
        "pod" => pods(metric, known, platform),
        "job" if name.starts_with("todoplatform_") => words(&["todoplatform-operator"]),
        "job" | "service" | "container" if app.is_some() => one(known["app_id"].clone()),
        "container" if name.starts_with("container_") || name.starts_with("kube_pod_") => containers(known),
        "instance" => one(instance(name)),
        "route" | "path" => app.map_or_else(|| words(&["/"]), |app| app.node.routes.clone()),
        "method" if known.get("route").is_some_and(|route| route == "/v1/tasks") => words(&["GET", "POST"]),
        "method" => words(&[
            if known
                .get("route")
                .is_some_and(|route| route.ends_with("complete"))
            {
                "POST"
            } else {
                "GET"
            },
        ]),
        "topic" | "slo" | "window" if name == "ALERTS" => one(String::new()),
        "topic" | "stream" | "redpanda_topic" => topics(name, app, known, platform),
        "group" | "consumergroup" | "redpanda_group" => groups(known, platform),
        "component" if name.starts_with("dapr_component_pubsub") => one(app
            .map(|app| names.events_component(&app.node.name))
            .unwrap_or_default()),
        "component" if name.starts_with("dapr_component_state") => one(app
            .map(|app| names.state_component(&app.node.name))
            .unwrap_or_default()),
        "component" => platform
            .apps
            .iter()
            .map(|app| app.node.name.clone())
            .filter(|component| {
                known
                    .get("app_id")
                    .is_none_or(|id| *id == names.app_id(component))
            })
            .collect(),
        "dst_app_id" | "src_app_id" => app
            .map(|app| app.node.calls.iter().map(|called| names.app_id(called)).collect())
            .unwrap_or_default(),
        "outcome" => words(match name {
            "todo_outbox_published_total" => &["published", "failed"],
            "todo_event_handled_total" => &["applied", "duplicate", "dropped", "retried"],
            "todo_notification_deliveries_total" => &["delivered", "retried", "failed"],
            "todoplatform_reconcile_total" => &["applied", "waiting", "failed"],
            _ => &["done"],
        }),
        "status" => words(match name {
            "todo_http_request_duration_seconds"
            | "dapr_http_server_request_count"
            | "dapr_http_client_completed_count" => &["200", "404", "503"],
            "dapr_http_healthprobes_completed_count" | "dapr_runtime_service_invocation_res_recv_total" => {
                &["200", "500"]
            }
            "dapr_resiliency_cb_state" => &["open", "closed"],
            "todoplatform_platform_condition" => &["True", "False", "Unknown"],
            "todoplatform_api_requests_total" => &["200", "409"],
            _ => &["200"],
        }),
        "process_status" => words(&["success", "retry", "drop"]),
        "success" => words(&["true", "false"]),
        "operation" => words(if name.contains("state") {
            &["get", "set"]
        } else {
            &["schedule"]
        }),
        "state" => words(if name.starts_with("todo_") {
            &["idle", "used"]
        } else {
            &["idle", "active"]
        }),
        "datname" => ["task", "scheduler", "notification", "analytics"]
            .iter()
            .map(|app| names.database_role(app))
            .collect(),
        "name" if name.starts_with("cnpg_") => words(&["max_connections"]),
        "name" => one(names.platform().into()),
        "policy" if name.starts_with("todo_") => words(&["reads", "writes"]),
        "policy" => words(&[if name.contains("cb_state") {
            "circuitbreaker"
        } else {
            "retry"
        }]),
        "flow_direction" => words(&["outbound"]),
        "target" => words(&["component"]),
        "channel" => words(&["email", "webhook"]),
        "slo" => platform
            .alerting
            .iter()
            .flat_map(|alerting| alerting.slos.keys().cloned())
            .collect(),
        "alertname" => words(&[
            "TodoOutboxStalled",
            "TodoDeadLettersKept",
            "TodoCircuitBreakerOpen",
        ]),
        "alertstate" => words(&["firing"]),
        "severity" => one(alert(&known["alertname"])
            .map_or("warning", |alert| alert.severity.as_str())
            .into()),
        "resource" => words(&["memory", "cpu"]),
        "unit" => words(&[if known["resource"] == "memory" {
            "byte"
        } else {
            "core"
        }]),
        "deployment" | "horizontalpodautoscaler" => platform
            .apps
            .iter()
            .map(|app| names.app_id(&app.node.name))
            .collect(),
        "statefulset" => vec![names.postgres(), names.redis()],
        "persistentvolumeclaim" => vec![
            format!("data-{}-0", names.postgres()),
            format!("data-{}-0", names.redis()),
        ],
        "partition" | "redpanda_partition" | "db" => words(&["0"]),
        "version" => one(platform.version.clone()),
        "server" => one(format!("{}:5432", names.postgres())),
        "kind" => words(&["Deployment", "Component"]),
        "step" => words(&["read", "render", "apply", "prune", "status"]),
        "type" if name == "todoplatform_platform_condition" => words(&["Ready", "Degraded"]),
        "verb" => words(&["patch"]),
        "error" | "reason" => words(&["Timeout"]),
        "componentName" => one(app
            .map(|app| names.events_component(&app.node.name))
            .unwrap_or_default()),
        "crd" => words(&["scaledobjects.keda.sh"]),
        _ => one(label.replace('_', "-")),
    }
}
