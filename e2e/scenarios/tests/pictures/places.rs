//! Who has a metric, and where: applications, pods, topics, consumer groups.

use todoplatform_render::{
    ValidatedPlatform,
    catalog::{Service, Store},
    validated::App,
};

use super::labels::{Labels, Metric};

pub(crate) fn app<'a>(platform: &'a ValidatedPlatform, id: &str) -> Option<&'a App> {
    platform
        .apps
        .iter()
        .find(|app| platform.names.app_id(&app.node.name) == id)
}

/// The applications that have a metric.
pub(crate) fn apps<'a>(metric: &'a str, platform: &'a ValidatedPlatform) -> impl Iterator<Item = &'a App> {
    let starts = |with: &[&str]| with.iter().any(|with| metric.starts_with(with));
    let has = move |app: &App| {
        let node = &app.node;
        if starts(&["todo_outbox", "dapr_component_pubsub_egress"]) {
            !node.publishes.is_empty()
        } else if starts(&["todo_event", "todo_dead", "dapr_component_pubsub_ingress"]) {
            !node.consumes.is_empty()
        } else if starts(&["todo_rate"]) {
            node.is(Service::Gateway)
        } else if starts(&["todo_scheduler", "todo_reminder", "dapr_component_job"]) {
            node.is(Service::Scheduler)
        } else if starts(&["todo_notification"]) {
            node.is(Service::Notification)
        } else if starts(&["todo_db_pool"]) {
            node.stores_in(Store::PostgreSql)
        } else if starts(&["dapr_component_state"]) {
            node.stores_in(Store::DaprState)
        } else if starts(&["dapr_runtime_service_invocation"]) {
            !node.calls.is_empty()
        } else if metric == "ALERTS" {
            node.is(Service::Notification)
        } else {
            true
        }
    };
    platform.apps.iter().filter(move |app| has(app))
}

/// Whose objective it is; nothing for one of the whole platform.
pub(crate) fn slo_app(known: &Labels, platform: &ValidatedPlatform) -> String {
    let slo = platform
        .alerting
        .as_ref()
        .and_then(|alerting| alerting.slos.get(&known["slo"]));
    slo.and_then(|slo| slo.indicator.app())
        .map(|app| platform.names.app_id(app))
        .unwrap_or_default()
}

/// One pod each.
pub(crate) fn pods(metric: &Metric, known: &Labels, platform: &ValidatedPlatform) -> Vec<String> {
    let names = &platform.names;
    let pod = |owner: String| format!("{owner}-6c9f7d5b84-x7k2p");
    let name = metric.name.as_str();
    match known.get("app_id") {
        Some(id) => vec![pod(id.clone())],
        None if name.starts_with("container_") || name.starts_with("kube_") => platform
            .apps
            .iter()
            .map(|app| pod(names.app_id(&app.node.name)))
            .collect(),
        None if name.starts_with("cnpg_") => vec!["pg-1".into(), "pg-2".into()],
        None => vec![pod(names.child("exporter"))],
    }
}

pub(crate) fn containers(known: &Labels) -> Vec<String> {
    let service = known["pod"].split('-').nth(1).unwrap_or("app").to_owned();
    vec![service, "daprd".into()]
}

/// Every application; of one that is known, itself.
pub(crate) fn components(known: &Labels, platform: &ValidatedPlatform) -> Vec<String> {
    let names = platform.apps.iter().map(|app| app.node.name.clone());
    let is_of = |name: &String| {
        known
            .get("app_id")
            .is_none_or(|id| *id == platform.names.app_id(name))
    };
    names.filter(is_of).collect()
}

/// Topics that an application publishes or consumes, or that a group consumes; with the prefix where the broker sees them.
pub(crate) fn topics(
    metric: &str,
    app: Option<&App>,
    known: &Labels,
    platform: &ValidatedPlatform,
) -> Vec<String> {
    let consumes = |app: &App| {
        app.node
            .consumes
            .iter()
            .map(|it| it.topic.clone())
            .collect::<Vec<_>>()
    };
    let of_group = ["group", "consumergroup", "redpanda_group"]
        .iter()
        .find_map(|label| known.get(label));
    let topics = match (app, of_group) {
        (Some(app), _) if metric.contains("outbox") || metric.contains("egress") => {
            app.node.publishes.clone()
        }
        (Some(app), _) => consumes(app),
        (None, Some(group)) => platform
            .apps
            .iter()
            .filter(|app| platform.names.consumer_group(&app.node.name) == *group)
            .flat_map(consumes)
            .collect(),
        (None, None) => platform
            .apps
            .iter()
            .flat_map(|app| app.node.publishes.clone())
            .collect(),
    };
    let prefix = if metric.starts_with("todo_") {
        ""
    } else {
        &platform.topic_prefix
    };
    topics
        .into_iter()
        .map(|topic| format!("{prefix}{topic}"))
        .collect()
}

/// Groups of those that consume; of a stream that is known, of those that consume it.
pub(crate) fn groups(known: &Labels, platform: &ValidatedPlatform) -> Vec<String> {
    let is_of = |app: &App| {
        known
            .get("stream")
            .map_or(!app.node.consumes.is_empty(), |stream| {
                app.node
                    .consumes
                    .iter()
                    .any(|it| *stream == format!("{}{}", platform.topic_prefix, it.topic))
            })
    };
    platform
        .apps
        .iter()
        .filter(|app| is_of(app))
        .map(|app| platform.names.consumer_group(&app.node.name))
        .collect()
}
