//! Step 8: how the workloads stand, from what the API server returned in this pass and what the watches show.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use crate::apply::Applied;
use crate::live::Live;

/// Label whose value is the name of the component, on children and on their pods.
const COMPONENT_LABEL: &str = "app.kubernetes.io/component";
/// Why a rollout that got stuck is not progressing.
const DEADLINE_EXCEEDED: &str = "ProgressDeadlineExceeded";

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
    /// Pods that are wanted.
    pub replicas: i32,
    /// Image that is wanted.
    pub image: String,
}

/// Counters of a Deployment or StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// `metadata.generation`.
    pub generation: i64,
    /// The generation that the counters speak of.
    pub observed_generation: i64,
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
}

/// Looks at each component.
pub fn observe(
    live: &Live,
    namespace: &str,
    platform: &str,
    declared: Vec<Declared>,
    applied: &Applied,
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
            let is_its = |pod: &&Arc<Pod>| pod.labels().get(COMPONENT_LABEL) == Some(&declared.component);
            let pods = pods.iter().filter(is_its).map(Arc::clone).collect();
            Observed {
                declared,
                counters,
                pods,
            }
        })
        .collect()
}

fn of_deployment(deployment: &Deployment) -> Counters {
    let status = deployment.status.clone().unwrap_or_default();
    let is_stuck = status.conditions.iter().flatten().any(|condition| {
        condition.type_ == "Progressing" && condition.reason.as_deref() == Some(DEADLINE_EXCEEDED)
    });
    Counters {
        generation: deployment.metadata.generation.unwrap_or_default(),
        observed_generation: status.observed_generation.unwrap_or_default(),
        replicas: status.replicas.unwrap_or_default(),
        updated: status.updated_replicas.unwrap_or_default(),
        ready: status.ready_replicas.unwrap_or_default(),
        available: status.available_replicas.unwrap_or_default(),
        revision: deployment
            .annotations()
            .get("deployment.kubernetes.io/revision")
            .cloned(),
        is_stuck,
    }
}

fn of_stateful_set(set: &StatefulSet) -> Counters {
    let status = set.status.clone().unwrap_or_default();
    // `updatedReplicas` counts pods of `updateRevision`; controllers leave it out when it is zero.
    let updated = status.updated_replicas.unwrap_or_default();
    Counters {
        generation: set.metadata.generation.unwrap_or_default(),
        observed_generation: status.observed_generation.unwrap_or_default(),
        replicas: status.replicas,
        updated,
        ready: status.ready_replicas.unwrap_or_default(),
        available: status.available_replicas.unwrap_or_default(),
        revision: status.update_revision,
        is_stuck: false,
    }
}
