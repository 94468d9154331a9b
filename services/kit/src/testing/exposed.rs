//! What a service shows at `/metrics`, and what `docs/guide/service-metrics.md` promises.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{TestIssuer, spans};
use crate::background::Background;
use crate::config::Config;
use crate::health::Health;
use crate::http::{AppLayers, app};
use crate::metrics::Metrics;
use crate::{Context, Environment, RandomIds, Service, SystemClock};

/// The one list of names and labels.
const LIST: &str = include_str!("../../../../docs/guide/service-metrics.md");

/// Fails unless `S`, started with `config` and `variables` as by itself, shows exactly what the list promises.
pub async fn shows_what_is_promised<S: Service>(config: &Value, variables: &[(&str, &str)]) {
    let name = S::description().service;
    let (shown, promised) = (shown::<S>(config, variables).await, promised(name));
    assert!(!promised.is_empty(), "the list names nothing of {name}");
    let missing: Vec<_> = promised.difference(&shown).collect();
    let unheard: Vec<_> = shown.difference(&promised).collect();
    assert!(
        missing.is_empty() && unheard.is_empty(),
        "{name} does not show {missing:?}, and shows {unheard:?}, which are not in the list"
    );
}

async fn shown<S: Service>(config: &Value, variables: &[(&str, &str)]) -> BTreeSet<String> {
    let description = S::description();
    let name = description.service;
    let common = json!({
        "platform": "todo", "namespace": "ns", "service": name, "appId": format!("todo-{name}"),
        "auth": {"issuer": "https://todo.example", "audience": "todo", "jwksFile": "/nowhere"},
    });
    let clock = Arc::new(SystemClock);
    let config = Config {
        common: serde_json::from_value(common).expect("the common keys"),
        service: serde_json::from_value(config.clone()).expect("the service's own keys"),
    };
    let context = Context::<S::Config> {
        config: Arc::new(config),
        environment: variables.iter().copied().collect::<Environment>(),
        clock: clock.clone(),
        ids: Arc::new(RandomIds),
        tracer: spans::tracer(),
        metrics: Metrics::new(name, "test"),
        health: Health::default(),
        background: Background::default(),
        verifier: TestIssuer::new(1).verifier(clock.clone()),
    };
    let routes = S::start(&context).await.expect("the service starts");
    let layers = AppLayers {
        metrics: context.metrics.clone(),
        health: context.health.clone(),
        tracer: context.tracer.clone(),
        clock,
        consumes: description.consumes,
        verifier: context.verifier.clone(),
        app_token: None,
    };
    // Routes are born with their first request.
    let request = Request::get("/nowhere").body(Body::empty()).expect("a request");
    let answer = app(routes, layers).oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), 404);
    let text = context.metrics.encode().expect("the metrics as text");
    assert!(context.background.stop(Duration::from_secs(10)).await);
    read(&text)
}

/// `type name{labels}` of each metric in the text format. A name without a sample has no labels here, and so is found.
fn read(text: &str) -> BTreeSet<String> {
    let types: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .collect();
    let labels_of = |family: &str, kind: &str| {
        let sample = match kind {
            "counter" => format!("{family}_total"),
            "histogram" => format!("{family}_count"),
            _ => family.to_owned(),
        };
        let samples = text.lines().filter_map(|line| line.strip_prefix(&sample));
        let labels: BTreeSet<String> = samples.flat_map(label_names).collect();
        let suffix = if kind == "counter" { "_total" } else { "" };
        line(kind, &format!("{family}{suffix}"), labels)
    };
    types
        .into_iter()
        .map(|(family, kind)| labels_of(family, kind))
        .collect()
}

/// Of what follows a sample's name: `{topic="x",outcome="y"} 1`.
fn label_names(rest: &str) -> Vec<String> {
    let Some((labels, _)) = rest.strip_prefix('{').and_then(|rest| rest.rsplit_once("} ")) else {
        return Vec::new();
    };
    let names = labels
        .split("\",")
        .filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
    names.collect()
}

/// The same of each row of the list that is about `service`.
fn promised(service: &str) -> BTreeSet<String> {
    let rows = LIST.lines().filter(|line| line.starts_with("| `todo_"));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, name, labels, kind, services, ..] = cells.as_slice() else {
            return None;
        };
        let is_about = *services == "all" || services.split(", ").any(|named| named == service);
        let labels = labels.split(", ").map(|label| label.trim_matches('`').to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        is_about.then(|| line(kind, name.trim_matches('`'), labels))
    })
    .collect()
}

fn line(kind: &str, name: &str, labels: BTreeSet<String>) -> String {
    let labels: Vec<String> = labels.into_iter().collect();
    format!("{kind} {name}{{{}}}", labels.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Prometheus calls its targets by.
    const TAKEN: [&str; 9] = [
        "namespace",
        "pod",
        "container",
        "service",
        "job",
        "instance",
        "endpoint",
        "app_id",
        "platform",
    ];

    #[test]
    fn no_label_is_one_that_prometheus_gives_a_target() {
        for service in ["gateway", "task", "scheduler", "notification", "analytics"] {
            for metric in promised(service) {
                let (_, labels) = metric.split_once('{').unwrap();
                let labels = labels.trim_end_matches('}').split(',');
                for label in labels {
                    assert!(!TAKEN.contains(&label), "{metric}");
                }
            }
        }
    }

    #[test]
    fn a_metric_is_read_with_its_type_and_labels() {
        let text = "# HELP todo_a Help.\n# TYPE todo_a counter\ntodo_a_total{b=\"x\",a=\"/v1/{id}\"} 1\n\
                    # TYPE todo_c gauge\ntodo_c 2\n# TYPE todo_d histogram\ntodo_d_sum{t=\"x\"} 2.0\ntodo_d_count{t=\"x\"} 1\n# EOF\n";
        let expected = [
            "counter todo_a_total{a,b}",
            "gauge todo_c{}",
            "histogram todo_d{t}",
        ];
        assert_eq!(read(text), expected.map(str::to_owned).into());
    }
}
