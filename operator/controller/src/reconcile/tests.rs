//! Whole passes against an API server in memory: what is sent, and above all what is not.

mod rollout;

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use kube::core::DeserializeGuard;
use kube::runtime::watcher::Event;
use serde_json::{Value, json};
use todoplatform_api::TodoPlatformStatus;

use super::*;
use crate::status::{DEPENDENCIES_READY, READY, RECONCILING, STALLED, condition};
use crate::testing::{FakeApi, FakeOperator, PLATFORM, dapr_kinds, edit, platform, shown};

const APPS: &str = "/apis/apps/v1/namespaces/shop";

struct World {
    api: Arc<FakeApi>,
    operator: FakeOperator,
}

impl World {
    fn new(spec: &Value) -> Self {
        let api = Arc::new(FakeApi::default());
        platform(&api, spec);
        let operator = FakeOperator::new(&api, &dapr_kinds());
        Self { api, operator }
    }

    /// One pass over the platform as it is now.
    async fn pass(&self) -> Action {
        let guarded = Arc::new(DeserializeGuard(Ok(shown(&self.api))));
        reconcile(guarded, Arc::clone(&self.operator.context))
            .await
            .unwrap()
    }

    fn status(&self) -> TodoPlatformStatus {
        shown(&self.api).status.unwrap_or_default()
    }

    /// What the controllers of workloads would do: everything serves, and the watches show it.
    fn workloads_serve(&mut self) {
        for name in ["todo-postgres", "todo-redis"] {
            if let Some(object) = self.serving("statefulsets", name) {
                let set: StatefulSet = serde_json::from_value(object).unwrap();
                self.operator
                    .writers
                    .stateful_sets
                    .apply_watcher_event(&Event::Apply(set));
            }
        }
        for service in ["gateway", "task", "scheduler", "notification", "analytics"] {
            if let Some(object) = self.serving("deployments", &format!("todo-{service}")) {
                let deployment: Deployment = serde_json::from_value(object).unwrap();
                self.operator
                    .writers
                    .deployments
                    .apply_watcher_event(&Event::Apply(deployment));
            }
        }
    }

    fn serving(&self, plural: &str, name: &str) -> Option<Value> {
        let path = format!("{APPS}/{plural}/{name}");
        let mut object = self.api.get(&path)?;
        let replicas = object["spec"]["replicas"].clone();
        object["status"] = json!({"observedGeneration": object["metadata"]["generation"], "replicas": replicas,
            "updatedReplicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas});
        self.api.put(&path, object);
        self.api.get(&path)
    }

    /// A development platform that serves.
    async fn ready() -> Self {
        let mut world = Self::new(&json!({"profile": "development"}));
        for _ in 0..3 {
            world.pass().await;
            world.workloads_serve();
        }
        world.pass().await;
        assert_eq!(
            condition(&world.status(), READY).unwrap().status,
            "True",
            "{:#?}",
            world.status()
        );
        world.api.writes();
        world
    }
}

#[tokio::test]
async fn services_are_sent_only_once_their_stores_serve() {
    let mut world = World::new(&json!({"profile": "development"}));
    let action = world.pass().await;
    let writes = world.api.writes();
    assert_eq!(
        writes[0],
        format!("PATCH {PLATFORM}/status"),
        "what is about to be made is on record first"
    );
    assert!(
        !writes.iter().any(|write| write.contains("/deployments/")),
        "{writes:?}"
    );
    let position = |part: &str| writes.iter().position(|write| write.contains(part)).unwrap();
    assert!(position("/secrets") < position("/serviceaccounts/"));
    assert!(position("/components/") < position("/statefulsets/"));
    assert_eq!(
        condition(&world.status(), READY).unwrap().reason,
        "WaitingForDependencies"
    );
    assert_eq!(
        action,
        Action::requeue(Duration::from_secs(3)),
        "waiting is looked at again soon"
    );

    world.workloads_serve();
    world.pass().await;
    let writes = world.api.writes();
    assert_eq!(
        writes
            .iter()
            .filter(|write| write.contains("/deployments/"))
            .count(),
        5,
        "{writes:?}"
    );
}

#[tokio::test]
async fn a_converged_platform_is_read_and_never_written_not_even_after_a_restart() {
    let mut world = World::ready().await;
    world.pass().await;
    world.pass().await;
    assert_eq!(world.api.writes(), [""; 0]);

    world.operator = FakeOperator::new(&world.api, &dapr_kinds());
    world.workloads_serve();
    let action = world.pass().await;
    assert_eq!(world.api.writes(), [""; 0]);
    assert_eq!(action, Action::requeue(Duration::from_secs(450)));
}

#[tokio::test]
async fn what_somebody_deletes_or_edits_is_put_back_alone() {
    let world = World::ready().await;
    let path = format!("{APPS}/deployments/todo-task");
    world.api.remove(&path);
    let old = world
        .operator
        .context
        .live
        .deployment("shop", "todo-task")
        .unwrap();
    let mut world = world;
    world
        .operator
        .writers
        .deployments
        .apply_watcher_event(&Event::Delete(Deployment::clone(&old)));
    world.pass().await;
    assert_eq!(world.api.writes()[..1], [format!("PATCH {path}")]);

    let service = "/api/v1/namespaces/shop/services/todo-gateway";
    let mut edited = world.api.get(service).unwrap();
    edited["metadata"]["labels"]["app.kubernetes.io/part-of"] = json!("else");
    world.api.put(service, edited);
    world.pass().await;
    assert_eq!(world.api.writes()[..1], [format!("PATCH {service}")]);
    assert_eq!(
        world.api.get(service).unwrap()["metadata"]["labels"]["app.kubernetes.io/part-of"],
        "todo"
    );
}

#[tokio::test]
async fn a_generated_secret_is_made_once() {
    let world = World::ready().await;
    let path = "/api/v1/namespaces/shop/secrets/todo-postgres";
    let before = world.api.get(path).unwrap();
    edit(
        &world.api,
        &json!({"profile": "development", "services": {"task": {"replicas": 2}}}),
    );
    world.pass().await;
    let writes = world.api.writes();
    assert!(
        !writes.iter().any(|write| write.contains("/secrets")),
        "{writes:?}"
    );
    assert_eq!(world.api.get(path).unwrap(), before);
}

#[tokio::test]
async fn an_edit_is_announced_before_the_first_child_is_sent() {
    let world = World::ready().await;
    edit(
        &world.api,
        &json!({"profile": "development", "services": {"task": {"replicas": 2}}}),
    );
    world.pass().await;
    let statuses = world.api.bodies(&Method::PATCH);
    assert_eq!(statuses[0]["status"]["observedGeneration"], 2);
    assert_eq!(statuses[0]["status"]["conditions"][0]["type"], "Reconciling");
    assert_eq!(
        world.api.writes()[..2],
        [
            format!("PATCH {PLATFORM}/status"),
            format!("PATCH {APPS}/deployments/todo-task")
        ]
    );
    assert_eq!(condition(&world.status(), READY).unwrap().status, "False");
}

#[tokio::test]
async fn a_child_of_another_owner_stops_everything_before_the_first_write() {
    let world = World::new(&json!({"profile": "development"}));
    let path = "/api/v1/namespaces/shop/configmaps/todo-task";
    let taken = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"theirs": "yes"}, "metadata": {
        "name": "todo-task", "ownerReferences": [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "landlord", "uid": "1", "controller": true}]}});
    world.api.put(path, taken);
    world.pass().await;
    assert_eq!(world.api.writes(), [format!("PATCH {PLATFORM}/status")]);
    let status = world.status();
    let stalled = condition(&status, STALLED).unwrap();
    assert_eq!(stalled.reason, "OwnershipConflict");
    assert_eq!(
        stalled.message,
        "ConfigMap todo-task is owned by ConfigMap landlord"
    );

    world.api.remove(path);
    world.pass().await;
    assert!(
        condition(&world.status(), STALLED).is_none(),
        "the mend is enough"
    );
}

#[tokio::test(start_paused = true)]
async fn a_missing_secret_stops_everything_and_running_services_stay() {
    let world = World::ready().await;
    let external = json!({"external": {"urlSecretKeyRef": {"name": "db", "key": "url"}}});
    edit(
        &world.api,
        &json!({"profile": "development", "database": external}),
    );
    let action = world.pass().await;
    assert_eq!(world.api.writes(), [format!("PATCH {PLATFORM}/status")]);
    assert_eq!(
        condition(&world.status(), STALLED).unwrap().reason,
        "MissingSecret"
    );
    assert_eq!(
        action,
        Action::requeue(Duration::from_secs(6)),
        "a Secret is not watched"
    );

    edit(&world.api, &json!({"profile": "development"}));
    tokio::time::advance(Duration::from_secs(10)).await;
    world.pass().await;
    assert_eq!(condition(&world.status(), READY).unwrap().status, "True");
    assert_eq!(world.api.writes(), [format!("PATCH {PLATFORM}/status")]);
}

#[tokio::test]
async fn a_store_that_blinks_tears_nothing_down() {
    let mut world = World::ready().await;
    let path = format!("{APPS}/statefulsets/todo-postgres");
    let mut object = world.api.get(&path).unwrap();
    object["status"]["readyReplicas"] = json!(0);
    world.api.put(&path, object);
    let set: StatefulSet = serde_json::from_value(world.api.get(&path).unwrap()).unwrap();
    world
        .operator
        .writers
        .stateful_sets
        .apply_watcher_event(&Event::Apply(set));
    world.pass().await;
    assert_eq!(world.api.writes(), [format!("PATCH {PLATFORM}/status")]);
    assert_eq!(
        condition(&world.status(), DEPENDENCIES_READY).unwrap().status,
        "False"
    );
}

#[tokio::test]
async fn a_refused_child_is_said_with_what_to_do() {
    let world = World::new(&json!({"profile": "development"}));
    let path = format!("{APPS}/statefulsets/todo-postgres");
    world
        .api
        .refusals
        .lock()
        .unwrap()
        .insert(path, (422, "spec: Forbidden: updates are forbidden"));
    world.pass().await;
    let status = world.status();
    assert_eq!(condition(&status, STALLED).unwrap().reason, "ImmutableField");
    assert!(status.blocking[0].next_action.contains("--cascade=orphan"));
}

#[tokio::test]
async fn an_optional_kind_that_vanished_since_discovery_holds_nothing_up() {
    let world = World::new(&json!({"profile": "development"}));
    let path = "/apis/dapr.io/v1alpha1/namespaces/shop/resiliencies/todo-task".to_owned();
    world
        .api
        .refusals
        .lock()
        .unwrap()
        .insert(path, (404, "page not found"));
    world.pass().await;
    assert_eq!(
        condition(&world.status(), READY).unwrap().reason,
        "WaitingForDependencies"
    );
}

#[tokio::test]
async fn an_api_server_that_fails_is_tried_again_with_a_growing_delay() {
    let world = World::new(&json!({"profile": "development"}));
    let path = "/api/v1/namespaces/shop/serviceaccounts/todo-task".to_owned();
    world
        .api
        .refusals
        .lock()
        .unwrap()
        .insert(path.clone(), (500, "etcd is away"));
    assert_eq!(world.pass().await, Action::requeue(Duration::from_secs(1)));
    let writes = world.api.writes();
    assert!(
        !writes.iter().any(|write| write.contains("/configmaps/")),
        "nothing after what was not taken: {writes:?}"
    );
    assert_eq!(world.pass().await, Action::requeue(Duration::from_secs(2)));
    assert_eq!(
        condition(&world.status(), READY).unwrap().reason,
        "ApplyUnavailable"
    );
    world.api.refusals.lock().unwrap().remove(&path);
    assert_eq!(world.pass().await, Action::requeue(Duration::from_secs(3)));
    assert!(world.operator.context.backoff.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_pass_that_fails_says_so_once_and_until_it_goes_through() {
    let world = World::new(&json!({"profile": "development"}));
    let path = "/api/v1/namespaces/shop/secrets".to_owned();
    let refuse = |path: &str| {
        world
            .api
            .refusals
            .lock()
            .unwrap()
            .insert(path.to_owned(), (403, "no quota left"))
    };
    refuse(&path);
    world.pass().await;
    let status = world.status();
    let reconciling = condition(&status, RECONCILING).unwrap();
    assert_eq!(reconciling.reason, "EnsureSecretsFailed");
    assert!(
        reconciling.message.contains("no quota left"),
        "{}",
        reconciling.message
    );
    assert_eq!(condition(&status, READY).unwrap().status, "False");
    assert_eq!(status.blocking[0].reason, "EnsureSecretsFailed");
    world.api.writes();
    world.pass().await;
    let writes = world.api.writes();
    assert!(
        !writes.iter().any(|write| write.ends_with("/status")),
        "{writes:?}"
    );

    world.api.refusals.lock().unwrap().remove(&path);
    world.pass().await;
    assert_eq!(
        condition(&world.status(), READY).unwrap().reason,
        "WaitingForDependencies"
    );
}

#[tokio::test(start_paused = true)]
async fn a_ready_platform_stays_ready_when_a_pass_fails() {
    let world = World::ready().await;
    world.api.remove("/api/v1/namespaces/shop/secrets/todo-redis");
    let path = "/api/v1/namespaces/shop/secrets".to_owned();
    world
        .api
        .refusals
        .lock()
        .unwrap()
        .insert(path, (403, "no quota left"));
    tokio::time::advance(Duration::from_mins(10)).await;
    world.pass().await;
    let status = world.status();
    assert_eq!(condition(&status, READY).unwrap().status, "True");
    assert_eq!(
        condition(&status, RECONCILING).unwrap().reason,
        "EnsureSecretsFailed"
    );
    assert!(status.blocking.is_empty());
}

#[tokio::test]
async fn a_platform_that_is_being_deleted_is_left_alone() {
    let world = World::ready().await;
    let mut object = world.api.get(PLATFORM).unwrap();
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    world.api.put(PLATFORM, object);
    world.api.remove("/api/v1/namespaces/shop/services/todo-task");
    world.pass().await;
    assert_eq!(world.api.writes(), [""; 0]);
}

#[tokio::test]
async fn what_left_the_spec_is_pruned_by_its_uid_unless_the_platform_has_moved_on() {
    let mut world = World::ready().await;
    let platform = shown(&world.api);
    let path = format!("{APPS}/deployments/todo-old");
    let old = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "todo-old",
        "ownerReferences": [{"apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform", "name": "todo",
            "uid": platform.metadata.uid, "controller": true}]},
        "spec": {"selector": {}, "template": {}}});
    world.api.put(&path, old);
    let old: Deployment = serde_json::from_value(world.api.get(&path).unwrap()).unwrap();
    world
        .operator
        .writers
        .deployments
        .apply_watcher_event(&Event::Apply(old.clone()));

    // The user has edited the platform since this pass began.
    let stale = Arc::new(DeserializeGuard(Ok(platform)));
    edit(
        &world.api,
        &json!({"profile": "development", "services": {"task": {"replicas": 2}}}),
    );
    reconcile(stale, Arc::clone(&world.operator.context))
        .await
        .unwrap();
    assert!(
        world.api.get(&path).is_some(),
        "what is left over is not known any more"
    );

    world.api.writes();
    world.pass().await;
    assert_eq!(
        world.api.bodies(&Method::DELETE)[0]["preconditions"]["uid"],
        json!(old.metadata.uid)
    );
    assert!(world.api.get(&path).is_none());
}

#[tokio::test]
async fn a_stored_object_that_cannot_be_read_is_said_on_it() {
    let world = World::new(&json!({"profile": "development"}));
    let mut object = world.api.get(PLATFORM).unwrap();
    object["spec"] = json!({"profile": "of a later version"});
    let inventory = json!([{"kind": "PersistentVolumeClaim", "name": "todo-postgres", "uid": "1"}]);
    object["status"] = json!({"inventory": inventory, "appliedGeneration": 1});
    world.api.put(PLATFORM, object.clone());
    let guarded: DeserializeGuard<TodoPlatform> =
        serde_json::from_value(world.api.get(PLATFORM).unwrap()).unwrap();
    reconcile(Arc::new(guarded), Arc::clone(&world.operator.context))
        .await
        .unwrap();
    assert_eq!(world.api.writes(), [format!("PATCH {PLATFORM}/status")]);
    let status = world.api.get(PLATFORM).unwrap()["status"].clone();
    assert_eq!(
        (
            &status["conditions"][0]["type"],
            &status["conditions"][0]["reason"]
        ),
        (&json!("Stalled"), &json!("InvalidObject"))
    );
    assert_eq!(status["inventory"], inventory, "what is its own stays on record");
    assert_eq!(status["appliedGeneration"], 1);
}
