//! Whether the API server serves TodoPlatform, and with every field that this operator knows.
//!
//! Asked of the published schema, which needs no permission. A CRD that is newer than the operator does not matter to
//! it; one that is older would drop what the operator writes, so the operator says so and waits.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType, Recorder};
use kube::{Client, Resource};
use serde_json::Value;
use todoplatform_api::TodoPlatform;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::admin::Readiness;
use crate::chain::Chain;
use crate::metrics::Metrics;

/// How often the API server is asked.
const EVERY: Duration = Duration::from_secs(10);
/// After a failure, and while there is nothing to work with.
const AGAIN: Duration = Duration::from_secs(2);
/// Fields that one message names.
const NAMED: usize = 5;

/// How the CRD stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OwnCrd {
    /// The API server was not asked yet.
    #[default]
    Unknown,
    /// The kind is not served.
    Missing,
    /// It is served without these fields.
    Outdated(Vec<String>),
    /// It is served with every field that this operator knows.
    Served,
}

impl OwnCrd {
    /// What readiness waits for; none when it waits for nothing.
    fn pending(&self) -> Option<String> {
        let name = name();
        match self {
            Self::Served => None,
            Self::Unknown => Some(format!("what the API server says of CRD {name}")),
            Self::Missing => Some(format!("CRD {name}, which is not installed")),
            Self::Outdated(fields) => {
                let named = fields.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>();
                let more = match fields.len().saturating_sub(NAMED) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                Some(format!(
                    "CRD {name}, which is older than this operator: it lacks {}{more}",
                    named.join(", ")
                ))
            }
        }
    }

    /// Stable, for Events.
    fn reason(&self) -> &'static str {
        match self {
            Self::Outdated(_) => "CrdOutdated",
            _ => "CrdMissing",
        }
    }
}

/// Name of the CRD.
fn name() -> String {
    format!("{}.{}", TodoPlatform::plural(&()), TodoPlatform::group(&()))
}

/// Watches over the CRD.
pub struct Overseer {
    /// Asks.
    pub client: Client,
    /// Gets the answer.
    pub crd: watch::Sender<OwnCrd>,
    /// Not ready before there is a CRD to work with.
    pub readiness: Arc<Readiness>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Publishes Events about the operator's pod, when it runs in one.
    pub pod: Option<(Recorder, ObjectReference)>,
}

impl Overseer {
    /// Keeps the answer up to date until `stop`. What was found last holds while the API server does not answer.
    pub async fn run(self, stop: CancellationToken) {
        let mut pending = OwnCrd::Unknown.pending();
        self.readiness.wait_for(pending.clone().unwrap_or_default());
        let mut known = Known::default();
        loop {
            match known.ask(&self.client).await {
                Ok(now) => {
                    self.metrics.set_crd_missing(&name(), now == OwnCrd::Missing);
                    self.metrics.set_crd_outdated(matches!(now, OwnCrd::Outdated(_)));
                    if now.pending() != pending {
                        // First the new reason, then the old one: never ready in between.
                        if let Some(what) = now.pending() {
                            tracing::warn!(reason = now.reason(), "waiting for {what}");
                            self.readiness.wait_for(what.clone());
                            self.publish(&now, what).await;
                        }
                        if let Some(what) = pending {
                            self.readiness.have(&what);
                        }
                        pending = now.pending();
                    }
                    self.crd.send_if_modified(|before| {
                        let has_changed = *before != now;
                        *before = now;
                        has_changed
                    });
                }
                Err(error) => {
                    tracing::warn!(error.chain = %Chain(&error), "the API server did not say whether it serves TodoPlatform");
                }
            }
            let wait = if pending.is_none() { EVERY } else { AGAIN };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Best effort.
    async fn publish(&self, crd: &OwnCrd, what: String) {
        let Some((recorder, pod)) = &self.pod else { return };
        let event = Event {
            type_: EventType::Warning,
            reason: crd.reason().to_owned(),
            action: "Start".to_owned(),
            note: Some(format!("waiting for {what}")),
            secondary: None,
        };
        if let Err(error) = recorder.publish(&event, pod).await {
            self.metrics.event_failed();
            tracing::warn!(error.chain = %Chain(&error), "an Event was not published");
        }
    }
}

/// The published schema's address, which moves with its content, and what came of it.
#[derive(Default)]
struct Known(Option<(String, OwnCrd)>);

impl Known {
    async fn ask(&mut self, client: &Client) -> Result<OwnCrd, kube::Error> {
        let index = get(client, "/openapi/v3").await?;
        let path = format!("apis/{}", TodoPlatform::api_version(&()));
        let Some(address) = index["paths"][&path]["serverRelativeURL"].as_str() else {
            self.0 = None;
            return Ok(OwnCrd::Missing);
        };
        if let Some((known, crd)) = &self.0
            && known == address
        {
            return Ok(crd.clone());
        }
        let crd = judge(&get(client, address).await?);
        self.0 = Some((address.to_owned(), crd.clone()));
        Ok(crd)
    }
}

async fn get(client: &Client, path: &str) -> Result<Value, kube::Error> {
    let request = Request::get(path)
        .body(Vec::new())
        .map_err(kube::Error::HttpError)?;
    client.request(request).await
}

/// What a published document says of the kind.
fn judge(document: &Value) -> OwnCrd {
    let kind = TodoPlatform::kind(&());
    let schemas = document["components"]["schemas"].as_object();
    let is_ours = |schema: &&Value| {
        schema["x-kubernetes-group-version-kind"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|known| known["kind"] == *kind))
    };
    let Some(served) = schemas.and_then(|schemas| schemas.values().find(is_ours)) else {
        return OwnCrd::Missing;
    };
    let known = todoplatform_api::schema();
    let mut lacks = BTreeSet::new();
    for part in ["spec", "status"] {
        lacking(
            part,
            &known["properties"][part],
            &served["properties"][part],
            &mut lacks,
        );
    }
    if lacks.is_empty() {
        OwnCrd::Served
    } else {
        OwnCrd::Outdated(lacks.into_iter().collect())
    }
}

/// Fields of `known` that are not in `served`; of a field that is not, none below.
fn lacking(path: &str, known: &Value, served: &Value, lacks: &mut BTreeSet<String>) {
    if known.is_null() {
        return;
    }
    if served.is_null() {
        lacks.insert(path.to_owned());
        return;
    }
    for (name, field) in known["properties"].as_object().into_iter().flatten() {
        lacking(
            &format!("{path}.{name}"),
            field,
            &served["properties"][name],
            lacks,
        );
    }
    lacking(&format!("{path}[]"), &known["items"], &served["items"], lacks);
    if known["additionalProperties"].is_object() {
        let (known, served) = (&known["additionalProperties"], &served["additionalProperties"]);
        lacking(&format!("{path}{{}}"), known, served, lacks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(schema: &Value) -> Value {
        let mut schema = schema.clone();
        schema["x-kubernetes-group-version-kind"] =
            json!([{"group": "todoplatform.dev", "kind": "TodoPlatform", "version": "v1alpha1"}]);
        json!({"components": {"schemas": {"dev.todoplatform.v1alpha1.TodoPlatform": schema}}})
    }

    #[test]
    fn the_crd_of_this_version_and_any_newer_one_will_do() {
        let mut newer = todoplatform_api::schema();
        assert_eq!(judge(&document(&newer)), OwnCrd::Served);
        newer["properties"]["spec"]["properties"]["fromTheFuture"] = json!({"type": "string"});
        assert_eq!(judge(&document(&newer)), OwnCrd::Served);
    }

    #[test]
    fn an_older_crd_is_told_by_what_it_lacks() {
        let mut older = todoplatform_api::schema();
        let spec = older["properties"]["spec"]["properties"].as_object_mut().unwrap();
        spec.remove("operatorClass");
        let images = spec["images"]["properties"].as_object_mut().unwrap();
        images.remove("registry");
        let found = judge(&document(&older));
        assert_eq!(
            found,
            OwnCrd::Outdated(vec!["spec.images.registry".into(), "spec.operatorClass".into()])
        );
        assert_eq!(
            found.pending().unwrap(),
            "CRD todoplatforms.todoplatform.dev, which is older than this operator: it lacks spec.images.registry, \
             spec.operatorClass"
        );
    }

    #[test]
    fn fields_of_items_and_of_values_count() {
        let known = json!({"properties": {
            "list": {"items": {"properties": {"a": {}, "b": {}}}},
            "map": {"additionalProperties": {"properties": {"c": {}}}},
        }});
        let served = json!({"properties": {
            "list": {"items": {"properties": {"a": {}}}},
            "map": {"additionalProperties": {"properties": {}}},
        }});
        let mut lacks = BTreeSet::new();
        lacking("spec", &known, &served, &mut lacks);
        assert_eq!(
            lacks.into_iter().collect::<Vec<_>>(),
            ["spec.list[].b", "spec.map{}.c"]
        );
    }

    #[test]
    fn another_kind_of_the_group_is_not_ours() {
        assert_eq!(
            judge(&json!({"components": {"schemas": {"x": {}}}})),
            OwnCrd::Missing
        );
    }
}
