//! Step 6: sends what the plan says, by server-side apply, kind by kind in the order of [`ChildKind::ALL`].

use std::collections::BTreeMap;

use futures::future::join_all;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use kube::Client;
use kube::api::DynamicObject;
use serde::de::DeserializeOwned;
use todoplatform_render::{Child, ChildKind};

use crate::memory::{PlatformMemory, Sent};
use crate::mend::send;
use crate::plan::Write;

/// The one writer that this operator is to the API server. Never renamed: fields would be left without an owner.
pub const FIELD_MANAGER: &str = "todoplatform-operator";

/// A child was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The change touches a field that cannot be changed on an object that exists.
    #[error("{} {name}: a field that cannot be changed differs from what the platform says", kind.as_str())]
    Immutable {
        /// Its kind.
        kind: ChildKind,
        /// Its name.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
    /// The server answered 4xx: sending it again cannot help before something else changes.
    #[error("{} {name}: the API server refused the apply", kind.as_str())]
    Refused {
        /// Its kind.
        kind: ChildKind,
        /// Its name.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
    /// No answer, 409, 429 or 5xx: sent again after a backoff.
    #[error("{} {name}: no usable answer from the API server to the apply", kind.as_str())]
    Unavailable {
        /// Its kind.
        kind: ChildKind,
        /// Its name.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
}

impl ApplyError {
    fn new(child: &Child, source: kube::Error) -> Self {
        let (kind, name) = (child.kind, child.name.clone());
        let code = code(&source);
        let message = match &source {
            kube::Error::Api(status) => status.message.clone(),
            _ => String::new(),
        };
        let source = Box::new(source);
        match code {
            // The words for immutable fields: general ones, and those of a StatefulSet's template of volumes.
            422 if message.contains("immutable") || message.contains("are forbidden") => {
                Self::Immutable { kind, name, source }
            }
            // A JSON patch whose test fails is answered so: the object has moved since it was read.
            422 if message.contains("rejected our request") => Self::Unavailable { kind, name, source },
            400 | 403 | 422 => Self::Refused { kind, name, source },
            _ => Self::Unavailable { kind, name, source },
        }
    }

    /// One word; stable, for conditions, events and metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Immutable { .. } => "ImmutableField",
            Self::Refused { .. } => "ApplyRefused",
            Self::Unavailable { .. } => "ApplyUnavailable",
        }
    }
}

/// The workloads as the API server returned them in this pass; the rest is in the watches.
#[derive(Debug, Default)]
pub struct Applied {
    /// Deployments by name.
    pub deployments: BTreeMap<String, Deployment>,
    /// `StatefulSet`s by name.
    pub stateful_sets: BTreeMap<String, StatefulSet>,
}

/// Sends all writes; those of one kind at once, the next kind only after the one before was taken.
///
/// What was taken is remembered, also when a later one fails.
pub async fn apply(
    client: &Client,
    namespace: &str,
    writes: &[Write],
    memory: &mut PlatformMemory,
) -> Result<Applied, Vec<ApplyError>> {
    let mut applied = Applied::default();
    for of_one_kind in writes.chunk_by(|left, right| left.child.kind == right.child.kind) {
        let answers = join_all(of_one_kind.iter().map(|write| send(client, namespace, write))).await;
        let mut errors = Vec::new();
        for (write, answer) in of_one_kind.iter().zip(answers) {
            match answer {
                Ok(object) => {
                    let Child { kind, name, .. } = &write.child;
                    let key = (*kind, name.clone());
                    let sent = Sent::of(*kind, write.hash, &object);
                    memory.remember(&key, Some(sent), Some(write.left.clone()));
                    if !write.deviations.is_empty() {
                        memory.corrections.count(&key);
                    }
                    tracing::info!(
                        object.kind = kind.as_str(),
                        object.name = name,
                        "{} {} {name}",
                        if write.live.is_some() {
                            "corrected"
                        } else {
                            "created"
                        },
                        kind.as_str()
                    );
                    applied.keep(*kind, name, &object);
                }
                // The kind has gone since it was discovered: the next discovery says so and ends this.
                Err(error) if write.child.kind.optional() && code(&error) == 404 => {
                    tracing::warn!(
                        object.kind = write.child.kind.as_str(),
                        "the API server serves it no longer"
                    );
                }
                Err(error) => errors.push(ApplyError::new(&write.child, error)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
    }
    Ok(applied)
}

/// HTTP status of an answer that is an error; 0 when there was no answer.
fn code(error: &kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        _ => 0,
    }
}

impl Applied {
    fn keep(&mut self, kind: ChildKind, name: &str, object: &DynamicObject) {
        match kind {
            ChildKind::Deployment => {
                self.deployments
                    .extend(typed(object).map(|object| (name.to_owned(), object)));
            }
            ChildKind::StatefulSet => {
                self.stateful_sets
                    .extend(typed(object).map(|object| (name.to_owned(), object)));
            }
            _ => {}
        }
    }
}

/// A workload whose answer cannot be read is taken from the watch instead.
fn typed<K: DeserializeOwned>(object: &DynamicObject) -> Option<K> {
    serde_json::from_value(serde_json::to_value(object).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;

    #[test]
    fn answers_are_told_apart_by_what_helps() {
        let child = Child {
            kind: ChildKind::StatefulSet,
            name: "todo-postgres".into(),
            component: None,
            object: serde_json::json!({}),
        };
        let cases = [
            (
                422,
                "StatefulSet.apps is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
                "ImmutableField",
            ),
            (
                422,
                "spec.selector: Invalid value: field is immutable",
                "ImmutableField",
            ),
            (422, "spec.replicas: Invalid value: -1", "ApplyRefused"),
            (
                422,
                "the server rejected our request due to an error in our request",
                "ApplyUnavailable",
            ),
            (403, "exceeded quota", "ApplyRefused"),
            (409, "conflict", "ApplyUnavailable"),
            (500, "etcd is away", "ApplyUnavailable"),
        ];
        for (code, message, reason) in cases {
            let status = Status {
                code,
                message: message.into(),
                ..Status::default()
            };
            assert_eq!(
                ApplyError::new(&child, kube::Error::Api(Box::new(status))).reason(),
                reason,
                "{message}"
            );
        }
    }
}
