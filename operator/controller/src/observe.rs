//! Step 8: how the workloads stand, from what the API server returned in this pass and what the watches show.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use todoplatform_render::ChildKind;

use crate::apply::Applied;
use crate::live::Live;
use crate::memory::Sent;
use crate::sidecars::Judgement;
use crate::turns::Wait;

/// Label whose value is the name of the component, on children and on their pods.
pub const COMPONENT_LABEL: &str = "app.kubernetes.io/component";
/// Why a rollout that got stuck is not progressing.
const DEADLINE_EXCEEDED: &str = "ProgressDeadlineExceeded";
/// Why a rollout that has come to its end is progressing no more.
const ROLLED_OUT: &str = "NewReplicaSetAvailable";

/// What runs the pods of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkloadKind {
    /// A service.
    Deployment,
    /// An embedded store.
    StatefulSet,
}

/// One component as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Name of the component.
    pub component: String,
    /// What runs it.
    pub kind: WorkloadKind,
    /// Name of the Deployment or StatefulSet.
    pub name: String,
    /// Pods that are wanted; of one with an autoscaler the least, until it says more.
    pub replicas: i32,
    /// Whether an autoscaler owns the number of pods.
    pub is_autoscaled: bool,
    /// Image that is wanted.
    pub image: String,
    /// Whether its objects are left as they are, whatever is wanted.
    pub is_paused: bool,
}

/// Counters of a Deployment or StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// `metadata.generation`.
    pub generation: i64,
    /// The generation that the counters speak of.
    pub observed_generation: i64,
    /// Pods that it asks for.
    pub asked: i32,
    /// Pods that exist.
    pub replicas: i32,
    /// Pods of the newest template.
    pub updated: i32,
    /// Pods that pass their readiness probes.
    pub ready: i32,
    /// Pods that have been ready for long enough.
    pub available: i32,
    /// Revision, as Kubernetes counts it.
    pub revision: Option<String>,
    /// Whether the rollout got stuck.
    pub is_stuck: bool,
    /// Whether a rollout has begun that has not come to its end, stuck or not.
    pub is_rolling: bool,
}

impl Counters {
    /// Ready by its own observed generation and counters, never because it was applied.
    pub fn serves(&self, wanted: i32) -> bool {
        self.observed_generation >= self.generation
            && self.replicas == wanted
            && self.updated == wanted
            && self.ready == wanted
            && self.available == wanted
    }

    /// The counters with the generation that was sent last: the watch may be behind, and what it shows then speaks of
    /// another one.
    fn after(self, sent: Option<&Sent>) -> Self {
        let generation = sent.and_then(Sent::generation).unwrap_or_default();
        Self {
            generation: self.generation.max(generation),
            ..self
        }
    }

    /// Whether its controller has not yet taken up a change, or still replaces pods.
    fn is_unsettled(&self) -> bool {
        self.observed_generation < self.generation
            || self.updated < self.asked
            || self.replicas > self.updated
    }
}

/// One component as it is.
#[derive(Clone, Debug)]
pub struct Observed {
    /// What was wanted.
    pub declared: Declared,
    /// What is there; none before it was created.
    pub counters: Option<Counters>,
    /// Its pods, sorted by name.
    pub pods: Vec<Arc<Pod>>,
    /// Why it is not written now, when it waits for another component.
    pub wait: Option<Wait>,
    /// What its sidecars say; none for what has no sidecar.
    pub sidecars: Option<Judgement>,
}

/// Looks at each component.
pub fn observe(
    live: &Live,
    namespace: &str,
    platform: &str,
    declared: Vec<Declared>,
    applied: &Applied,
    sent: &BTreeMap<(ChildKind, String), Sent>,
    waiting: &BTreeMap<String, Wait>,
) -> Vec<Observed> {
    let mut pods = live.pods(namespace, platform);
    pods.sort_by_key(|pod| pod.name_any());
    declared
        .into_iter()
        .map(|declared| {
            let counters = match declared.kind {
                WorkloadKind::Deployment => applied
                    .deployments
                    .get(&declared.name)
                    .map(of_deployment)
                    .or_else(|| {
                        live.deployment(namespace, &declared.name)
                            .as_deref()
                            .map(of_deployment)
                    }),
                WorkloadKind::StatefulSet => applied
                    .stateful_sets
                    .get(&declared.name)
                    .map(of_stateful_set)
                    .or_else(|| {
                        live.stateful_set(namespace, &declared.name)
                            .as_deref()
                            .map(of_stateful_set)
                    }),
            };
            let kind = match declared.kind {
                WorkloadKind::Deployment => ChildKind::Deployment,
                WorkloadKind::StatefulSet => ChildKind::StatefulSet,
            };
            let sent = sent.get(&(kind, declared.name.clone()));
            let counters = counters.map(|counters| counters.after(sent));
            let is_its = |pod: &&Arc<Pod>| pod.labels().get(COMPONENT_LABEL) == Some(&declared.component);
            let pods = pods.iter().filter(is_its).map(Arc::clone).collect();
            let mut declared = declared;
            if let Some(counters) = counters.as_ref().filter(|counters| counters.asked > 0)
                && declared.is_autoscaled
            {
                declared.replicas = counters.asked;
            }
            Observed {
                wait: waiting.get(&declared.component).cloned(),
                declared,
                counters,
                pods,
                sidecars: None,
            }
        })
        .collect()
}

/// Counters of a Deployment.
pub fn of_deployment(deployment: &Deployment) -> Counters {
    let status = deployment.status.clone().unwrap_or_default();
    let progressing = status
        .conditions
        .iter()
        .flatten()
        .find(|condition| condition.type_ == "Progressing")
        .and_then(|condition| condition.reason.as_deref());
    let counters = Counters {
        generation: deployment.metadata.generation.unwrap_or_default(),
        observed_generation: status.observed_generation.unwrap_or_default(),
        asked: deployment
            .spec
            .as_ref()
            .and_then(|spec| spec.replicas)
            .unwrap_or(1),
        replicas: status.replicas.unwrap_or_default(),
        updated: status.updated_replicas.unwrap_or_default(),
        ready: status.ready_replicas.unwrap_or_default(),
        available: status.available_replicas.unwrap_or_default(),
        revision: deployment
            .annotations()
            .get("deployment.kubernetes.io/revision")
            .cloned(),
        is_stuck: progressing == Some(DEADLINE_EXCEEDED),
        is_rolling: progressing.is_some_and(|reason| reason != ROLLED_OUT),
    };
    settled(counters)
}

fn settled(counters: Counters) -> Counters {
    Counters {
        is_rolling: counters.is_rolling || counters.is_unsettled(),
        ..counters
    }
}

/// Counters of a StatefulSet.
pub fn of_stateful_set(set: &StatefulSet) -> Counters {
    let status = set.status.clone().unwrap_or_default();
    // `updatedReplicas` counts pods of `updateRevision`; controllers leave it out when it is zero.
    let updated = status.updated_replicas.unwrap_or_default();
    settled(Counters {
        generation: set.metadata.generation.unwrap_or_default(),
        observed_generation: status.observed_generation.unwrap_or_default(),
        asked: set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1),
        replicas: status.replicas,
        updated,
        ready: status.ready_replicas.unwrap_or_default(),
        available: status.available_replicas.unwrap_or_default(),
        revision: status.update_revision,
        is_stuck: false,
        is_rolling: false,
    })
}
