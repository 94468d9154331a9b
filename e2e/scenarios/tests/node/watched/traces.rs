//! The spans that services and sidecars sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Deserialize;
use todo_scenarios::{Result, forward, wait};

/// A span as the sink tells of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    service: String,
    name: String,
    kind: String,
    trace_id: String,
    span_id: String,
    parent_span_id: String,
    links: Vec<String>,
}

/// What the trace of a new task has: who, what, as what.
const EXPECTED: [(&str, &str, &str); 12] = [
    ("todo-gateway", "POST /v1/tasks", "server"),
    ("todo-gateway", "invoke task", "client"),
    ("todo-task", "POST /v1/tasks", "server"),
    ("todo-task", "publish task.created", "producer"),
    ("todo-scheduler", "POST /events/task.created", "server"),
    ("todo-scheduler", "process task.created", "consumer"),
    ("todo-notification", "POST /events/task.created", "server"),
    ("todo-notification", "process task.created", "consumer"),
    ("todo-notification", "deliver email", "client"),
    ("todo-analytics", "POST /events/task.created", "server"),
    ("todo-analytics", "process task.created", "consumer"),
    // Of a sidecar.
    ("todo-analytics", "pubsub/task.created", "client"),
];

/// The request that made the task is one trace: through both sidecars of the call, the outbox, the broker, each consumer with its
/// sidecar, up to the mail. Each span hangs on another one of it.
pub(super) async fn one_trace_leads_from_the_gateway_to_the_mail(ns: &str) -> Result<()> {
    let sink = forward::service(ns, "mailsink", 8025).await?;
    let http = reqwest::Client::new();
    wait::until(Duration::from_mins(1), "the trace of a new task", || async {
        let spans: Vec<Told> = http
            .get(format!("{}/spans", sink.url))
            .send()
            .await?
            .json()
            .await?;
        let top = spans
            .iter()
            .find(|span| (span.service.as_str(), span.name.as_str()) == (EXPECTED[0].0, EXPECTED[0].1))
            .ok_or("no span of the gateway")?;
        let trace: Vec<&Told> = spans
            .iter()
            .filter(|span| span.trace_id == top.trace_id)
            .collect();
        let told: BTreeSet<(&str, &str, &str)> = trace
            .iter()
            .map(|span| (span.service.as_str(), span.name.as_str(), span.kind.as_str()))
            .collect();
        let missing: Vec<_> = EXPECTED.iter().filter(|span| !told.contains(*span)).collect();
        if !missing.is_empty() {
            return Err(format!("missing: {missing:?} of {told:#?}").into());
        }
        let by_id: BTreeMap<&str, &Told> = trace.iter().map(|span| (span.span_id.as_str(), *span)).collect();
        let loose: Vec<_> = trace
            .iter()
            .filter(|span| span.span_id != top.span_id && !by_id.contains_key(span.parent_span_id.as_str()))
            .collect();
        if !loose.is_empty() {
            return Err(format!("hang on nothing: {loose:#?}").into());
        }
        let linked = trace
            .iter()
            .filter(|span| span.kind == "consumer" && span.name == "process task.created")
            .all(|span| {
                span.links.iter().any(|link| {
                    by_id
                        .get(link.as_str())
                        .is_some_and(|to| to.service == "todo-task")
                })
            });
        if linked {
            Ok(())
        } else {
            Err("a consumer links to nothing of task".into())
        }
    })
    .await
}
