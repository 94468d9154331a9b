//! Which pods a change restarts, and why: those whose template changes.

use serde::Serialize;
use serde_json::Value;
use todoplatform_render::ChildKind;

use super::change::{Change, Verb};

const HASH: &str = "metadata.annotations.todoplatform.dev/config-hash";

/// A workload whose pods, with their sidecars, are replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Restart {
    pub(super) component: String,
    pub(super) name: String,
    /// How many pods there are.
    pub(super) pods: i64,
    pub(super) reasons: Vec<String>,
}

/// The workloads whose pods are replaced, in the order of apply.
pub(crate) fn restarts(changes: &[Change]) -> Vec<Restart> {
    let workloads = changes.iter().filter(|change| {
        change.verb == Verb::Changed && matches!(change.kind, ChildKind::Deployment | ChildKind::StatefulSet)
    });
    workloads
        .filter_map(|change| {
            let template = |object: &Value| object["spec"]["template"].clone();
            let mut paths = Vec::new();
            differing(
                &template(&change.before),
                &template(&change.after),
                "",
                &mut paths,
            );
            if paths.is_empty() {
                return None;
            }
            Some(Restart {
                component: change.component.clone().unwrap_or_default(),
                name: change.name.clone(),
                pods: change.before["spec"]["replicas"].as_i64().unwrap_or(1),
                reasons: reasons(change, &paths, changes),
            })
        })
        .collect()
}

/// The places that differ, as Kubernetes writes field paths; containers by their names.
fn differing(before: &Value, after: &Value, path: &str, paths: &mut Vec<String>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
            for key in keys {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                differing(&of(left), &of(right), &path, paths);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                let label = left["name"]
                    .as_str()
                    .map_or_else(|| index.to_string(), str::to_owned);
                differing(left, right, &format!("{path}[{label}]"), paths);
            }
        }
        _ => paths.push(path.to_owned()),
    }
}

fn reasons(change: &Change, paths: &[String], changes: &[Change]) -> Vec<String> {
    let mut reasons = Vec::new();
    for path in paths {
        if path == HASH {
            reasons.extend(behind_the_hash(change, changes));
        } else if path.starts_with("metadata.annotations.dapr.io/") {
            reasons.push(format!(
                "sidecar: {}",
                path.trim_start_matches("metadata.annotations.")
            ));
        } else if path.rsplit_once('.').is_some_and(|(_, field)| field == "image") {
            let value = |object: &Value| image(object, path).unwrap_or_default();
            reasons.push(format!(
                "image {} -> {}",
                value(&change.before),
                value(&change.after)
            ));
        } else {
            reasons.push(path.clone());
        }
    }
    reasons.dedup();
    reasons
}

/// What a pod reads at its start only, and a hash of which is in its template.
fn behind_the_hash(change: &Change, changes: &[Change]) -> Vec<String> {
    let read: Vec<_> = changes
        .iter()
        .filter(|other| other.component == change.component)
        .filter(|other| other.kind == ChildKind::ConfigMap || other.kind.is_dapr())
        .map(|other| format!("{} {} {}", other.kind.as_str(), other.name, other.verb.as_str()))
        .collect();
    if read.is_empty() {
        vec!["a key of a Secret that it reads has another value, or is another one".into()]
    } else {
        read
    }
}

/// The image at a path such as `spec.containers[app].image`.
fn image(object: &Value, path: &str) -> Option<String> {
    let container = path.rsplit_once('[')?.1.split(']').next()?;
    let containers = object.pointer("/spec/template/spec/containers")?.as_array()?;
    let found = containers.iter().find(|found| found["name"] == container)?;
    found["image"].as_str().map(str::to_owned)
}
