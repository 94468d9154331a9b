//! What the watches show of one scope: the cache from which passes decide that nothing has to be sent.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::runtime::reflector::{ObjectRef, Store, store, store::Writer};
use todoplatform_render::ChildKind;

/// Label whose value is the name of the platform, on children and on their pods.
pub const INSTANCE_LABEL: &str = "app.kubernetes.io/instance";

/// Metadata of the objects of one kind, as last seen.
pub trait Shown: Send + Sync {
    /// Metadata of one object; none when it is not there, or not seen yet.
    fn metadata(&self, namespace: &str, name: &str) -> Option<ObjectMeta>;
    /// Metadata of all objects that this platform owns, or that carry its name.
    fn of_platform(&self, namespace: &str, name: &str, uid: &str) -> Vec<ObjectMeta>;
}

/// Whether a child belongs to a platform: it is owned, or it carries the platform's name and nobody controls it.
pub fn belongs_to(meta: &ObjectMeta, name: &str, uid: &str) -> bool {
    let mut owners = meta.owner_references.iter().flatten();
    match owners.find(|owner| owner.controller == Some(true)) {
        Some(owner) => owner.uid == uid,
        None => meta
            .labels
            .as_ref()
            .and_then(|labels| labels.get(INSTANCE_LABEL))
            .is_some_and(|instance| instance == name),
    }
}

struct Kept<K: Resource + 'static>
where
    K::DynamicType: Hash + Eq,
{
    store: Store<K>,
    dynamic_type: K::DynamicType,
}

impl<K> Shown for Kept<K>
where
    K: Resource + Clone + Send + Sync + 'static,
    K::DynamicType: Hash + Eq + Clone + Debug + Send + Sync,
{
    fn metadata(&self, namespace: &str, name: &str) -> Option<ObjectMeta> {
        let key = ObjectRef::new_with(name, self.dynamic_type.clone()).within(namespace);
        self.store.get(&key).map(|object| object.meta().clone())
    }

    fn of_platform(&self, namespace: &str, name: &str, uid: &str) -> Vec<ObjectMeta> {
        let is_its = |object: &K| {
            let meta = object.meta();
            meta.namespace.as_deref() == Some(namespace) && belongs_to(meta, name, uid)
        };
        self.store
            .state_filter(is_its)
            .iter()
            .map(|object| object.meta().clone())
            .collect()
    }
}

/// Everything that the watches of one scope show.
pub struct Live {
    kinds: RwLock<BTreeMap<ChildKind, Arc<dyn Shown>>>,
    deployments: Store<Deployment>,
    stateful_sets: Store<StatefulSet>,
    jobs: Store<Job>,
    pods: Store<Pod>,
}

/// The writing ends of the kinds that are kept with more than their metadata.
pub struct Writers {
    /// Deployments, in full.
    pub deployments: Writer<Deployment>,
    /// `StatefulSet`s, in full.
    pub stateful_sets: Writer<StatefulSet>,
    /// Jobs, in full.
    pub jobs: Writer<Job>,
    /// Pods, but for what nobody asks for.
    pub pods: Writer<Pod>,
}

impl Live {
    /// An empty cache and the ends that fill it.
    pub fn new() -> (Self, Writers) {
        let (deployments, write_deployments) = store();
        let (stateful_sets, write_stateful_sets) = store();
        let (jobs, write_jobs) = store();
        let (pods, write_pods) = store();
        let live = Self {
            kinds: RwLock::default(),
            deployments: deployments.clone(),
            stateful_sets: stateful_sets.clone(),
            jobs: jobs.clone(),
            pods,
        };
        live.show(ChildKind::Deployment, deployments, ());
        live.show(ChildKind::StatefulSet, stateful_sets, ());
        live.show(ChildKind::Job, jobs, ());
        let writers = Writers {
            deployments: write_deployments,
            stateful_sets: write_stateful_sets,
            jobs: write_jobs,
            pods: write_pods,
        };
        (live, writers)
    }

    /// From now on a watch shows this kind.
    pub fn show<K>(&self, kind: ChildKind, store: Store<K>, dynamic_type: K::DynamicType)
    where
        K: Resource + Clone + Send + Sync + 'static,
        K::DynamicType: Hash + Eq + Clone + Debug + Send + Sync,
    {
        self.kinds
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(kind, Arc::new(Kept { store, dynamic_type }));
    }

    /// The kind is gone from the API server, and so is its watch.
    pub fn hide(&self, kind: ChildKind) {
        self.kinds
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&kind);
    }

    /// Waits until Deployments, `StatefulSet`s, Jobs and pods have been listed once, or their watches have ended.
    pub async fn workloads_are_known(&self) {
        let (_deployments, _stateful_sets, _jobs, _pods) = tokio::join!(
            self.deployments.wait_until_ready(),
            self.stateful_sets.wait_until_ready(),
            self.jobs.wait_until_ready(),
            self.pods.wait_until_ready()
        );
    }

    fn shown(&self, kind: ChildKind) -> Option<Arc<dyn Shown>> {
        self.kinds
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&kind)
            .map(Arc::clone)
    }

    /// Metadata of one child; none when it is not there, not seen yet, or its kind is not watched.
    pub fn metadata(&self, kind: ChildKind, namespace: &str, name: &str) -> Option<ObjectMeta> {
        self.shown(kind)?.metadata(namespace, name)
    }

    /// All children of one kind that belong to the platform with this name and UID.
    pub fn of_platform(&self, kind: ChildKind, namespace: &str, name: &str, uid: &str) -> Vec<ObjectMeta> {
        self.shown(kind)
            .map(|shown| shown.of_platform(namespace, name, uid))
            .unwrap_or_default()
    }

    /// One Deployment as last seen.
    pub fn deployment(&self, namespace: &str, name: &str) -> Option<Arc<Deployment>> {
        self.deployments.get(&ObjectRef::new(name).within(namespace))
    }

    /// One StatefulSet as last seen.
    pub fn stateful_set(&self, namespace: &str, name: &str) -> Option<Arc<StatefulSet>> {
        self.stateful_sets.get(&ObjectRef::new(name).within(namespace))
    }

    /// All Jobs that the platform with this UID owns.
    pub fn jobs(&self, namespace: &str, uid: &str) -> Vec<Arc<Job>> {
        self.jobs.state_filter(|job| {
            let owners = job.metadata.owner_references.iter().flatten();
            job.metadata.namespace.as_deref() == Some(namespace)
                && owners.into_iter().any(|owner| owner.uid == uid)
        })
    }

    /// All pods of a platform.
    pub fn pods(&self, namespace: &str, platform: &str) -> Vec<Arc<Pod>> {
        self.pods.state_filter(|pod| {
            pod.metadata.namespace.as_deref() == Some(namespace)
                && pod
                    .metadata
                    .labels
                    .as_ref()
                    .and_then(|labels| labels.get(INSTANCE_LABEL))
                    .map(String::as_str)
                    == Some(platform)
        })
    }
}
