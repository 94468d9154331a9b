//! How pods come and go: restarts one app after another, autoscalers that take over and give back, sleep and waking up.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt;
use kube::{
    ResourceExt,
    api::{DynamicObject, ListParams, Patch, PatchParams, WatchEvent, WatchParams},
};
use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, platform, wait};

use super::fixture::World;

const LIMIT: Duration = Duration::from_mins(1);
/// What consumes or publishes events, in the order of restarts.
const EVENTFUL: [&str; 4] = [
    "todo-analytics",
    "todo-notification",
    "todo-scheduler",
    "todo-task",
];

/// Everything that `spec.replicas` of a Deployment ever was, by a watch that misses no version.
struct Counted {
    seen: Arc<Mutex<Vec<i64>>>,
    watch: tokio::task::JoinHandle<()>,
}

impl Counted {
    async fn of(world: &World, name: &str) -> Result<Self> {
        let api = cluster::objects(&world.client, &world.ns, "Deployment");
        let now = api.get(name).await?;
        let seen = Arc::new(Mutex::new(vec![replicas(&now)]));
        let params = WatchParams::default()
            .fields(&format!("metadata.name={name}"))
            .timeout(290);
        let stream = api
            .watch(&params, &now.resource_version().unwrap_or_default())
            .await?;
        let keep = Arc::clone(&seen);
        let watch = tokio::spawn(async move {
            let mut stream = std::pin::pin!(stream);
            while let Some(Ok(WatchEvent::Added(object) | WatchEvent::Modified(object))) = stream.next().await
            {
                if let Ok(mut seen) = keep.lock()
                    && seen.last() != Some(&replicas(&object))
                {
                    seen.push(replicas(&object));
                }
            }
        });
        Ok(Self { seen, watch })
    }

    fn seen(&self) -> Vec<i64> {
        assert!(!self.watch.is_finished(), "the observer has gone");
        self.seen.lock().map(|seen| seen.clone()).unwrap_or_default()
    }
}

fn replicas(object: &DynamicObject) -> i64 {
    object.data["spec"]["replicas"].as_i64().unwrap_or(1)
}

/// What the autoscaler does: it writes the scale subresource.
async fn scale(world: &World, name: &str, replicas: i64) -> Result<()> {
    let change = json!({"spec": {"replicas": replicas}});
    let params = PatchParams {
        field_manager: Some("kube-controller-manager".into()),
        ..PatchParams::default()
    };
    cluster::objects(&world.client, &world.ns, "Deployment")
        .patch_scale(name, &params, &Patch::Merge(&change))
        .await?;
    Ok(())
}

/// Managers that own the number of pods.
async fn owners(world: &World, name: &str) -> Result<BTreeSet<String>> {
    let object = world.get("Deployment", name).await?;
    let entries = object["metadata"]["managedFields"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    Ok(entries
        .iter()
        .filter(|entry| entry.pointer("/fieldsV1/f:spec/f:replicas").is_some())
        .filter_map(|entry| entry["manager"].as_str().map(str::to_owned))
        .collect())
}

async fn gone(world: &World, kind: &str) -> Result<()> {
    wait::until(LIMIT, &format!("no {kind}"), || async {
        let left = world.names(kind).await?;
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}").into())
        }
    })
    .await
}

fn autoscaled() -> Value {
    json!({"profile": "development", "services": {"task": {"autoscaling": {"minReplicas": 1, "maxReplicas": 8}}}})
}

#[tokio::test]
async fn an_autoscaler_takes_over_and_gives_back_and_the_number_of_pods_never_dips() -> Result<()> {
    let world = World::new("hpa").await?;
    world.ready().await?;
    let counted = Counted::of(&world, "todo-task").await?;

    world.apply(&autoscaled()).await?;
    world.exists("HorizontalPodAutoscaler", "todo-task").await?;
    world.serve_until_ready().await?;
    assert_eq!(
        owners(&world, "todo-task").await?,
        BTreeSet::from(["todoplatform-operator-replicas".to_owned()])
    );
    scale(&world, "todo-task", 5).await?;
    let ready = world.serve_until_ready().await?;
    wait::until(LIMIT, "five pods are what is wanted", || async {
        let platform = world.get("TodoPlatform", "todo").await?;
        let desired = platform::component(&platform, "task")["desired"].clone();
        if desired == 5 {
            Ok(())
        } else {
            Err(desired.to_string().into())
        }
    })
    .await?;
    assert!(platform::is_ready(&ready));

    // Another change of the same Deployment, by the main apply that leaves the number out.
    let mut spec = autoscaled();
    spec["services"]["task"]["logLevel"] = json!("debug");
    world.apply(&spec).await?;
    world.serve_until_ready().await?;

    world
        .apply(&json!({"profile": "development", "services": {"task": {"replicas": 5, "logLevel": "debug"}}}))
        .await?;
    gone(&world, "HorizontalPodAutoscaler").await?;
    world.serve_until_ready().await?;
    let owners_off = owners(&world, "todo-task").await?;
    assert!(owners_off.contains("todoplatform-operator"), "{owners_off:?}");
    world.apply(&spec).await?;
    world.exists("HorizontalPodAutoscaler", "todo-task").await?;
    world.serve_until_ready().await?;
    assert_eq!(counted.seen(), [1, 5], "on, off and on again");

    world
        .apply(&json!({"profile": "development", "services": {"task": {"replicas": 3}}}))
        .await?;
    world.serve_until_ready().await?;
    assert_eq!(
        counted.seen(),
        [1, 5, 3],
        "fewer only when fewer are declared, and at once"
    );
    Ok(())
}

#[tokio::test]
async fn a_new_service_with_an_autoscaler_starts_with_its_least_number_of_pods() -> Result<()> {
    let world = World::new("hpa-new").await?;
    world
        .apply(&json!({"profile": "development", "services": {"task": {"autoscaling": {"minReplicas": 3, "maxReplicas": 8}}}}))
        .await?;
    world.serve_until_ready().await?;
    let task = world.get("Deployment", "todo-task").await?;
    assert_eq!(task["spec"]["replicas"], 3);
    assert_eq!(
        owners(&world, "todo-task").await?,
        BTreeSet::from(["todoplatform-operator-replicas".to_owned()])
    );
    Ok(())
}

/// How many pods each workload asks for.
async fn asked(world: &World) -> Result<BTreeMap<String, i64>> {
    let mut asked = BTreeMap::new();
    for kind in ["Deployment", "StatefulSet"] {
        let list = cluster::objects(&world.client, &world.ns, kind)
            .list(&ListParams::default())
            .await?;
        asked.extend(
            list.items
                .iter()
                .map(|object| (object.name_any(), replicas(object))),
        );
    }
    Ok(asked)
}

/// Waits until as many pods are asked for, and sees that nobody else's number moves before the statuses do.
async fn asks(world: &World, names: &[&str], wanted: impl Fn(i64) -> bool) -> Result<()> {
    wait::until(LIMIT, &format!("{names:?}"), || async {
        let asked = asked(world).await?;
        if names
            .iter()
            .all(|name| asked.get(*name).is_some_and(|count| wanted(*count)))
        {
            Ok(())
        } else {
            Err(format!("{asked:?}").into())
        }
    })
    .await
}

#[tokio::test]
async fn a_platform_sleeps_from_the_gateway_down_and_wakes_from_the_stores_up() -> Result<()> {
    let world = World::new("sleep").await?;
    world.apply(&autoscaled()).await?;
    world.serve_until_ready().await?;
    scale(&world, "todo-task", 5).await?;
    world.serve_until_ready().await?;
    let before = uids(&world).await?;
    let stores = ["todo-postgres", "todo-redis"];
    let services = [
        "todo-analytics",
        "todo-notification",
        "todo-scheduler",
        "todo-task",
    ];

    let mut spec = autoscaled();
    spec["hibernated"] = json!(true);
    world.apply(&spec).await?;
    asks(&world, &["todo-gateway"], |count| count == 0).await?;
    gone(&world, "HorizontalPodAutoscaler").await?;
    asks(&world, &services, |count| count > 0).await?;
    platform::condition_is(&world.client, &world.ns, "Reconciling", "True", "Hibernating").await?;
    asks(&world, &services, |count| count > 0).await?;
    world.workloads_serve().await?;
    asks(&world, &services, |count| count == 0).await?;
    asks(&world, &stores, |count| count > 0).await?;
    world.workloads_serve().await?;
    asks(&world, &stores, |count| count == 0).await?;
    world.workloads_serve().await?;
    let asleep = platform::condition_is(&world.client, &world.ns, "Ready", "True", "Hibernated").await?;
    assert!(
        platform::condition(&asleep, "Reconciling").is_none(),
        "{:#}",
        asleep["status"]
    );
    assert!(platform::is_ready(&asleep));

    world.apply(&autoscaled()).await?;
    asks(&world, &stores, |count| count > 0).await?;
    platform::condition_is(&world.client, &world.ns, "Reconciling", "True", "Waking").await?;
    asks(&world, &services, |count| count == 0).await?;
    world.workloads_serve().await?;
    asks(&world, &services, |count| count > 0).await?;
    asks(&world, &["todo-gateway"], |count| count == 0).await?;
    world.workloads_serve().await?;
    asks(&world, &["todo-gateway"], |count| count > 0).await?;
    world.serve_until_ready().await?;
    world.exists("HorizontalPodAutoscaler", "todo-task").await?;
    assert_eq!(
        asked(&world).await?["todo-task"],
        5,
        "as many as its autoscaler had given it"
    );
    let mut after = uids(&world).await?;
    // What sleeps has no autoscaler, and nobody is told that it is down.
    after.retain(|name, _| {
        !["HorizontalPodAutoscaler/", "PrometheusRule/"]
            .iter()
            .any(|kind| name.starts_with(kind))
    });
    assert!(
        after.iter().all(|(name, uid)| before.get(name) == Some(uid)),
        "the same objects"
    );
    Ok(())
}

/// UIDs of all children.
async fn uids(world: &World) -> Result<BTreeMap<String, String>> {
    let mut uids = BTreeMap::new();
    for kind in [
        "ServiceAccount",
        "ConfigMap",
        "Secret",
        "Configuration",
        "Resiliency",
        "Component",
        "Subscription",
        "Service",
        "StatefulSet",
        "Deployment",
        "HorizontalPodAutoscaler",
        "PodMonitor",
        "ServiceMonitor",
        "PrometheusRule",
    ] {
        let list = cluster::objects(&world.client, &world.ns, kind)
            .list(&ListParams::default())
            .await?;
        uids.extend(list.items.iter().map(|object| {
            (
                format!("{kind}/{}", object.name_any()),
                object.uid().unwrap_or_default(),
            )
        }));
    }
    Ok(uids)
}

async fn config_hashes(world: &World) -> Result<BTreeMap<String, String>> {
    let list = cluster::objects(&world.client, &world.ns, "Deployment")
        .list(&ListParams::default())
        .await?;
    let hash = |object: &DynamicObject| {
        object.data["spec"]["template"]["metadata"]["annotations"]["todoplatform.dev/config-hash"].to_string()
    };
    Ok(list
        .items
        .iter()
        // They take no turn among the services.
        .filter(|object| !object.name_any().ends_with("-exporter"))
        .map(|object| (object.name_any(), hash(object)))
        .collect())
}

/// Lets one Deployment after another serve; gives the order in which their templates changed. No two may be on their way.
async fn one_after_another(
    world: &World,
    before: &BTreeMap<String, String>,
    expected: &[&str],
) -> Result<()> {
    let mut done: Vec<String> = Vec::new();
    for name in expected {
        let changed = wait::until(LIMIT, &format!("{name} restarts"), || async {
            let now = config_hashes(world).await?;
            let changed: BTreeSet<String> = now
                .into_iter()
                .filter(|(name, hash)| before[name] != *hash)
                .map(|(name, _)| name)
                .collect();
            if changed.contains(*name) {
                Ok(changed)
            } else {
                Err(format!("{changed:?}").into())
            }
        })
        .await?;
        done.push((*name).to_owned());
        assert_eq!(
            changed,
            done.iter().cloned().collect(),
            "only {name} has got its turn"
        );
        if done.len() < expected.len() {
            let last = expected[expected.len() - 1].trim_start_matches("todo-");
            platform::until(
                &world.client,
                &world.ns,
                LIMIT,
                "the last one waits",
                |platform| platform::component(platform, last)["reason"] == "WaitingForTurn",
            )
            .await?;
        }
        world.workloads_serve().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_rotated_secret_restarts_its_readers_one_after_another_and_nobody_else() -> Result<()> {
    let world = World::new("rotate").await?;
    world.ready().await?;
    // A broker that nobody reaches: what has started is not torn down, and its password is read all the same.
    world.secret("broker", &json!({"password": "canary-1"})).await?;
    let spec = json!({"profile": "development", "cache": {"embedded": {}}, "broker": {"redis": {"external": {
        "host": "127.0.0.1:1", "passwordSecretKeyRef": {"name": "broker", "key": "password"}}}}});
    let before = config_hashes(&world).await?;
    let component = world.get("Component", "todo-task-events").await?;
    world.apply(&spec).await?;
    wait::until(LIMIT, "the first one restarts", || async {
        if config_hashes(&world).await? == before {
            Err("none yet".into())
        } else {
            Ok(())
        }
    })
    .await?;
    assert_eq!(
        world.get("Component", "todo-task-events").await?["metadata"]["resourceVersion"],
        component["metadata"]["resourceVersion"],
        "Dapr's objects of an app change in the app's turn"
    );
    one_after_another(&world, &before, &EVENTFUL).await?;
    world.serve_until_ready().await?;

    let before = config_hashes(&world).await?;
    world.secret("broker", &json!({"password": "canary-2"})).await?;
    one_after_another(&world, &before, &EVENTFUL).await?;
    let ready = world.serve_until_ready().await?;
    assert_eq!(
        config_hashes(&world).await?["todo-gateway"],
        before["todo-gateway"]
    );
    assert!(!ready.to_string().contains("canary"));
    Ok(())
}

#[tokio::test]
async fn a_restart_that_gets_stuck_stops_the_others_and_is_named() -> Result<()> {
    let world = World::new("stuck").await?;
    world.ready().await?;
    let before = config_hashes(&world).await?;
    world
        .apply(&json!({"profile": "development", "auth": {"clockSkewSeconds": 31}}))
        .await?;
    let moved = wait::until(LIMIT, "the first one restarts", || async {
        let now = config_hashes(&world).await?;
        let moved = now.into_iter().find(|(name, hash)| before[name] != *hash);
        moved.map(|(name, _)| name).ok_or_else(|| "none yet".into())
    })
    .await?;
    let live = world.get("Deployment", &moved).await?;
    let stuck = json!({"observedGeneration": live["metadata"]["generation"], "replicas": 2, "updatedReplicas": 1,
        "readyReplicas": 1, "availableReplicas": 1, "conditions": [{"type": "Progressing", "status": "False",
            "reason": "ProgressDeadlineExceeded", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z",
            "lastUpdateTime": "2026-01-01T00:00:00Z"}]});
    cluster::merge_status(&world.client, &world.ns, "Deployment", &moved, &stuck).await?;
    let stalled = platform::condition_is(
        &world.client,
        &world.ns,
        "Stalled",
        "True",
        "ProgressDeadlineExceeded",
    )
    .await?;
    let (_, _, message) = platform::condition(&stalled, "Stalled").ok_or("not Stalled")?;
    assert!(
        message.starts_with(moved.trim_start_matches("todo-")),
        "{message}"
    );
    let changed = config_hashes(&world)
        .await?
        .into_iter()
        .filter(|(name, hash)| before[name] != *hash)
        .count();
    assert_eq!(changed, 1, "the others stay on what they run");
    Ok(())
}

#[tokio::test]
async fn fast_flips_between_two_specs_replace_no_child() -> Result<()> {
    let world = World::new("flip").await?;
    let one = json!({"profile": "development"});
    let other = json!({"profile": "development", "services": {"task": {"replicas": 2, "logLevel": "debug"}}});
    world.ready().await?;
    let before = uids(&world).await?;
    for _ in 0..100 {
        world.apply(&other).await?;
        world.apply(&one).await?;
    }
    world.serve_until_ready().await?;
    assert_eq!(uids(&world).await?, before);
    assert_eq!(asked(&world).await?["todo-task"], 1);
    Ok(())
}

#[tokio::test]
async fn without_keda_a_service_scales_by_cpu_and_the_platform_is_degraded() -> Result<()> {
    let world = World::new("keda").await?;
    world
        .apply(
            &json!({"profile": "development", "services": {"scheduler": {"autoscaling": {"brokerLag": {}}}}}),
        )
        .await?;
    world.exists("HorizontalPodAutoscaler", "todo-scheduler").await?;
    world.serve_until_ready().await?;
    let degraded =
        platform::condition_is(&world.client, &world.ns, "Degraded", "True", "KedaMissing").await?;
    let (_, _, message) = platform::condition(&degraded, "Degraded").ok_or("no Degraded")?;
    assert!(message.contains("scaledobjects.keda.sh"), "{message}");
    assert!(platform::is_ready(&degraded), "it serves all the same");
    Ok(())
}
