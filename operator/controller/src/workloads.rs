//! The workloads of a platform as [`crate::turns`] judges them: from what is wanted and what the watches show.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde_json::Value;
use todoplatform_render::{Child, ChildKind, TEMPLATE_HASH, catalog};

use crate::compare::is_within;
use crate::live::Live;
use crate::memory::Sent;
use crate::observe::{Counters, of_deployment, of_stateful_set};
use crate::plan::hash;
use crate::turns::{Layer, Standing, Workload};

/// What was sent last, by kind and name.
type SentBefore = BTreeMap<(ChildKind, String), Sent>;

/// All workloads among the children that are sent, in the order of their turns. A paused component is not among them: it is
/// never written, so nobody may wait for its turn.
pub fn workloads<'a>(
    children: impl Iterator<Item = &'a Child>,
    live: &Live,
    namespace: &str,
    sent: &SentBefore,
) -> Vec<Workload> {
    let mut workloads: Vec<Workload> = children
        .filter_map(|child| {
            let known = sent.get(&(child.kind, child.name.clone()));
            let (layer, shown) = match child.kind {
                ChildKind::Deployment => {
                    let found = live.deployment(namespace, &child.name);
                    let shown = found.map(|found| {
                        Shown::new(child, &found.metadata, &found.spec, &of_deployment(&found), known)
                    });
                    (layer(child), shown)
                }
                ChildKind::StatefulSet => {
                    let found = live.stateful_set(namespace, &child.name);
                    let shown = found.map(|found| {
                        Shown::new(
                            child,
                            &found.metadata,
                            &found.spec,
                            &of_stateful_set(&found),
                            known,
                        )
                    });
                    (Layer::Store, shown)
                }
                _ => return None,
            };
            Some(Workload {
                component: child.component.clone()?,
                layer,
                wants_pods: child.object["spec"]["replicas"] != 0,
                restarts: shown.as_ref().is_some_and(|shown| shown.restarts),
                live: shown.map(|shown| shown.standing),
            })
        })
        .collect();
    workloads.sort_by_cached_key(|workload| {
        (
            catalog::restart_rank(&workload.component),
            workload.component.clone(),
        )
    });
    workloads
}

fn layer(child: &Child) -> Layer {
    if child.component.as_deref() == Some(catalog::Service::Gateway.as_str()) {
        Layer::Gateway
    } else {
        Layer::Service
    }
}

/// A workload as the watch shows it, beside what is wanted.
struct Shown {
    restarts: bool,
    standing: Standing,
}

impl Shown {
    fn new(
        child: &Child,
        metadata: &ObjectMeta,
        spec: &impl Serialize,
        counters: &Counters,
        known: Option<&Sent>,
    ) -> Self {
        let known = known.filter(|known| known.uid == metadata.uid);
        let generation_sent = known.and_then(Sent::generation);
        let is_as_sent = generation_sent >= metadata.generation
            && known.is_some_and(|known| known.hash == hash(&child.object));
        // What was sent last has not come back by the watch yet: nothing is known of the rollout that it began.
        let is_behind = generation_sent > metadata.generation;
        Self {
            restarts: !is_as_sent && restarts(child, metadata, spec),
            standing: Standing {
                asked: counters.asked,
                pods: counters.replicas,
                available: counters.available,
                is_rolling: is_behind || counters.is_rolling,
                serves: !is_behind && counters.serves(counters.asked),
            },
        }
    }
}

/// Whether the pod template that is wanted is another than the live one: by its hash, which sees what was taken out, and by
/// itself, which sees what somebody else changed.
fn restarts(child: &Child, metadata: &ObjectMeta, spec: &impl Serialize) -> bool {
    let hash = |annotations: Option<&Value>| annotations?.get(TEMPLATE_HASH)?.as_str().map(str::to_owned);
    let wanted = hash(child.object.pointer("/metadata/annotations"));
    let live = metadata
        .annotations
        .as_ref()
        .and_then(|known| known.get(TEMPLATE_HASH))
        .cloned();
    let spec = serde_json::to_value(spec).unwrap_or_default();
    wanted != live || !is_within(&child.object["spec"]["template"], spec.get("template"))
}
