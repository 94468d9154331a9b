//! The watches of children: each has its own backoff, so that none can pause another.
//!
//! A watch keeps [`Live`] up to date and names the platform of whatever moved. Kinds that an API server may lack
//! are watched while they are served.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::pin::pin;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DynamicObject, PartialObjectMeta};
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::{ObjectRef, store::Writer};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, Resource, ResourceExt};
use todoplatform_api::TodoPlatform;
use todoplatform_render::ChildKind;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::Readiness;
use crate::chain::Chain;
use crate::live::{INSTANCE_LABEL, Live, Writers};
use crate::metrics::Metrics;
use crate::scaler;
use crate::scope::Scope;
use crate::sidecars::CONFIG_HASH;

/// Every child and every pod of a platform carries this label; nothing else is listed or kept.
pub const SELECTOR: &str = "app.kubernetes.io/managed-by=todoplatform-operator";

/// Seconds that one watch lasts: some load balancers drop connections that are idle for four minutes.
pub const WATCH_SECONDS: u32 = 200;

/// How the operator lists and watches children.
pub fn config() -> watcher::Config {
    watcher::Config::default()
        .labels(SELECTOR)
        .timeout(WATCH_SECONDS)
        .page_size(200)
}

/// What all watches of one scope share.
#[derive(Clone)]
pub struct Watches {
    /// Never times out by itself.
    pub client: Client,
    /// Where to look.
    pub scope: Scope,
    /// What is kept.
    pub live: Arc<Live>,
    /// Takes the platforms whose children moved.
    pub triggers: mpsc::Sender<ObjectRef<TodoPlatform>>,
    /// Counts errors.
    pub metrics: Arc<Metrics>,
    /// Holds readiness back until every watch has listed once.
    pub readiness: Arc<Readiness>,
    /// Ends all watches.
    pub stop: CancellationToken,
    /// Knows all tasks.
    pub tasks: TaskTracker,
}

impl Watches {
    /// Starts the watches of all kinds that every API server has, and of the pods.
    pub fn start(&self, writers: Writers) {
        for kind in ChildKind::ALL
            .into_iter()
            .filter(|kind| is_watched(*kind) && !kind.optional())
        {
            match kind {
                ChildKind::Deployment | ChildKind::StatefulSet | ChildKind::Job => {}
                ChildKind::HorizontalPodAutoscaler => self.start_autoscalers(),
                _ => self.start_metadata(kind, &self.stop),
            }
        }
        let deployments = watcher(self.scope.api::<Deployment>(&self.client), config())
            .modify(|object| object.metadata.managed_fields = None);
        self.spawn("Deployment", deployments, writers.deployments, owner, &self.stop);
        let stateful_sets = watcher(self.scope.api::<StatefulSet>(&self.client), config())
            .modify(|object| object.metadata.managed_fields = None);
        self.spawn(
            "StatefulSet",
            stateful_sets,
            writers.stateful_sets,
            owner,
            &self.stop,
        );
        let jobs = watcher(self.scope.api::<Job>(&self.client), config())
            .modify(|object| object.metadata.managed_fields = None);
        self.spawn("Job", jobs, writers.jobs, owner, &self.stop);
        let pods = watcher(self.scope.api::<Pod>(&self.client), config()).modify(strip_pod);
        self.spawn("Pod", pods, writers.pods, instance, &self.stop);
    }

    /// Watches each optional kind for as long as it is served, until `served` is closed.
    ///
    /// All platforms, as `platforms` gives them, take a pass when a kind appears or vanishes.
    pub async fn follow_optional_kinds(
        self,
        mut served: watch::Receiver<Option<BTreeSet<ChildKind>>>,
        platforms: impl Fn() -> Vec<ObjectRef<TodoPlatform>>,
    ) {
        let mut running = std::collections::BTreeMap::<ChildKind, CancellationToken>::new();
        loop {
            let now = served.borrow_and_update().clone().unwrap_or_default();
            let mut has_changed = false;
            for kind in &now {
                if !running.contains_key(kind) {
                    let stop = self.stop.child_token();
                    self.start_metadata(*kind, &stop);
                    running.insert(*kind, stop);
                    has_changed = true;
                }
            }
            running.retain(|kind, stop| {
                let is_served = now.contains(kind);
                if !is_served {
                    stop.cancel();
                    self.live.hide(*kind);
                    self.readiness.have(&waiting(kind.as_str(), &self.scope));
                    has_changed = true;
                }
                is_served
            });
            if has_changed {
                for platform in platforms() {
                    if self.triggers.send(platform).await.is_err() {
                        return;
                    }
                }
            }
            tokio::select! {
                changed = served.changed() => if changed.is_err() { return },
                () = self.stop.cancelled() => return,
            }
        }
    }

    fn start_metadata(&self, kind: ChildKind, stop: &CancellationToken) {
        let resource = kind.api_resource();
        let writer = Writer::<PartialObjectMeta<DynamicObject>>::new(resource.clone());
        self.live.show(kind, writer.as_reader(), resource.clone());
        let api = self
            .scope
            .api_with::<PartialObjectMeta<DynamicObject>>(&self.client, &resource);
        let has_busy_status = kind.is_keda() || kind == ChildKind::GrafanaDashboard;
        let stream = watcher(api, config()).modify(move |object| {
            object.metadata.managed_fields = None;
            if has_busy_status {
                // What is left moves with the generation and not with the status.
                object.metadata.resource_version = None;
            }
        });
        self.spawn(kind.as_str(), stream, writer, owner, stop);
    }

    fn start_autoscalers(&self) {
        let kind = ChildKind::HorizontalPodAutoscaler;
        let resource = kind.api_resource();
        let writer = Writer::<DynamicObject>::new(resource.clone());
        self.live.show(kind, writer.as_reader(), resource.clone());
        let api = self.scope.api_with::<DynamicObject>(&self.client, &resource);
        let stream = watcher(api, config()).modify(scaler::strip);
        self.spawn(kind.as_str(), stream, writer, owner, &self.stop);
    }

    fn spawn<K>(
        &self,
        kind: &'static str,
        stream: impl Stream<Item = watcher::Result<Event<K>>> + Send + 'static,
        writer: Writer<K>,
        platform_of: fn(&ObjectMeta) -> Option<ObjectRef<TodoPlatform>>,
        stop: &CancellationToken,
    ) where
        K: Resource + Clone + Send + Sync + 'static,
        K::DynamicType: Eq + Hash + Clone + Debug + Send + Sync,
    {
        self.readiness.wait_for(waiting(kind, &self.scope));
        let watches = self.clone();
        let stop = stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = follow(&watches, kind, stream, writer, platform_of) => {}
                () = stop.cancelled() => {}
            }
        });
    }
}

fn waiting(kind: &str, scope: &Scope) -> String {
    format!("watch of {kind} in {scope}")
}

/// Secrets are read by name only: a watch on them would be permission to read them all.
fn is_watched(kind: ChildKind) -> bool {
    kind != ChildKind::Secret
}

async fn follow<K>(
    watches: &Watches,
    kind: &'static str,
    stream: impl Stream<Item = watcher::Result<Event<K>>> + Send,
    mut writer: Writer<K>,
    platform_of: fn(&ObjectMeta) -> Option<ObjectRef<TodoPlatform>>,
) where
    K: Resource + Clone,
    K::DynamicType: Eq + Hash + Clone,
{
    let mut stream = pin!(stream.default_backoff());
    let child = ChildKind::ALL.into_iter().find(|child| child.as_str() == kind);
    // Where only the metadata is kept, what leaves it as it was concerns nobody.
    let is_news = |meta: &ObjectMeta| {
        let namespace = meta.namespace.as_deref().unwrap_or_default();
        let name = meta.name.as_deref().unwrap_or_default();
        child.is_none_or(|child| watches.live.metadata(child, namespace, name).as_ref() != Some(meta))
    };
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => {
                let is_news = match &event {
                    Event::Apply(object) => is_news(object.meta()),
                    _ => true,
                };
                writer.apply_watcher_event(&event);
                let touched = match &event {
                    Event::Apply(_) if !is_news => None,
                    Event::Apply(object) | Event::InitApply(object) | Event::Delete(object) => {
                        platform_of(object.meta())
                    }
                    Event::Init => None,
                    Event::InitDone => {
                        watches.readiness.have(&waiting(kind, &watches.scope));
                        None
                    }
                };
                if let Some(platform) = touched
                    && watches.triggers.send(platform).await.is_err()
                {
                    return;
                }
            }
            Err(error) => {
                watches.metrics.watch_failed(kind);
                tracing::warn!(
                    object.kind = kind,
                    error.chain = %Chain(&error),
                    "the watch of {kind} failed and is started again"
                );
            }
        }
    }
}

/// The platform that owns a child: by its owner reference, or by its label when somebody took that away.
fn owner(meta: &ObjectMeta) -> Option<ObjectRef<TodoPlatform>> {
    let namespace = meta.namespace.as_deref()?;
    let group = TodoPlatform::group(&());
    let owner = meta.owner_references.iter().flatten().find(|owner| {
        owner.kind == TodoPlatform::kind(&())
            && owner
                .api_version
                .split_once('/')
                .is_some_and(|(owners, _version)| owners == group)
    });
    match owner {
        Some(owner) => Some(ObjectRef::new(&owner.name).within(namespace)),
        None => instance(meta),
    }
}

/// The platform that a pod belongs to, by its label.
fn instance(meta: &ObjectMeta) -> Option<ObjectRef<TodoPlatform>> {
    let name = meta.labels.as_ref()?.get(INSTANCE_LABEL)?;
    Some(ObjectRef::new(name).within(meta.namespace.as_deref()?))
}

/// Keeps of a pod only what the status is made of.
fn strip_pod(pod: &mut Pod) {
    let kept = ["dapr.io/enabled", CONFIG_HASH];
    pod.managed_fields_mut().clear();
    pod.annotations_mut()
        .retain(|key, _| kept.contains(&key.as_str()));
    pod.spec = pod.spec.take().map(|spec| PodSpec {
        init_containers: spec.init_containers.map(names),
        containers: names(spec.containers),
        ..PodSpec::default()
    });
    pod.status = pod.status.take().map(|status| PodStatus {
        conditions: status.conditions,
        container_statuses: status.container_statuses,
        init_container_statuses: status.init_container_statuses,
        phase: status.phase,
        pod_ip: status.pod_ip,
        reason: status.reason,
        message: status.message,
        ..PodStatus::default()
    });
}

/// Containers by their names alone.
fn names(containers: Vec<Container>) -> Vec<Container> {
    containers
        .into_iter()
        .map(|container| Container {
            name: container.name,
            ..Container::default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

    fn meta(owner: Option<(&str, &str)>, instance: Option<&str>) -> ObjectMeta {
        ObjectMeta {
            namespace: Some("shop".into()),
            owner_references: owner.map(|(api_version, name)| {
                vec![OwnerReference {
                    api_version: api_version.into(),
                    kind: "TodoPlatform".into(),
                    name: name.into(),
                    uid: "1".into(),
                    ..OwnerReference::default()
                }]
            }),
            labels: instance.map(|name| [(INSTANCE_LABEL.to_owned(), name.to_owned())].into()),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn a_child_names_its_platform_by_owner_first_and_by_label_else() {
        let todo = Some(ObjectRef::new("todo").within("shop"));
        let cases = [
            (
                "owned",
                meta(Some(("todoplatform.dev/v1alpha1", "todo")), Some("other")),
                todo.clone(),
            ),
            (
                "of a later version",
                meta(Some(("todoplatform.dev/v1", "todo")), None),
                todo.clone(),
            ),
            ("owner taken away", meta(None, Some("todo")), todo.clone()),
            (
                "a kind of that name elsewhere",
                meta(Some(("else.where/v1", "x")), Some("todo")),
                todo,
            ),
            ("a stranger", meta(None, None), None),
        ];
        for (name, meta, expected) in cases {
            assert_eq!(owner(&meta), expected, "{name}");
        }
    }
}
