//! From an applied resource to a platform that is left alone.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, platform, wait};

use super::fixture::World;

const SERVICES: [&str; 5] = [
    "todo-analytics",
    "todo-gateway",
    "todo-notification",
    "todo-scheduler",
    "todo-task",
];

#[tokio::test]
async fn services_are_created_once_their_stores_answer() -> Result<()> {
    let world = World::new("gate").await?;
    world.apply(&json!({"profile": "development"})).await?;
    world.exists("StatefulSet", "todo-postgres").await?;
    world.exists("Component", "todo-task-events").await?;
    let waiting = platform::condition_is(
        &world.client,
        &world.ns,
        "Reconciling",
        "True",
        "WaitingForDependencies",
    )
    .await?;
    assert!(
        platform::condition(&waiting, "Stalled").is_none(),
        "waiting is not an error"
    );
    let (status, _, message) =
        platform::condition(&waiting, "DependenciesReady").ok_or("no DependenciesReady")?;
    assert_eq!(status, "False");
    assert!(
        message.contains("todo-postgres") || message.contains("database"),
        "{message}"
    );
    wait::throughout(Duration::from_secs(3), "no service before its stores", || async {
        let early = world.services().await?;
        if early.is_empty() {
            Ok(())
        } else {
            Err(format!("{early:?}").into())
        }
    })
    .await?;

    let ready = world.serve_until_ready().await?;
    assert_eq!(world.services().await?, SERVICES);
    assert_eq!(
        ready["status"]["components"].as_array().map(Vec::len),
        Some(7),
        "{:#}",
        ready["status"]["components"]
    );
    assert!(
        ready["status"]["endpoint"]
            .as_str()
            .is_some_and(|e| e.contains("todo-gateway")),
        "{:#}",
        ready["status"]
    );
    assert!(
        platform::condition(&ready, "Reconciling").is_none()
            && platform::condition(&ready, "Stalled").is_none()
    );
    Ok(())
}

#[tokio::test]
async fn a_dependency_that_blinks_later_tears_nothing_down() -> Result<()> {
    let world = World::new("blink").await?;
    world.ready().await?;
    let before = uids(&world).await?;
    let gone = json!({"readyReplicas": 0, "availableReplicas": 0});
    cluster::merge_status(&world.client, &world.ns, "StatefulSet", "todo-postgres", &gone).await?;
    let seen = platform::until(
        &world.client,
        &world.ns,
        Duration::from_secs(20),
        "DependenciesReady=False",
        |p| platform::condition(p, "DependenciesReady").is_some_and(|(s, _, _)| s == "False"),
    )
    .await?;
    assert!(!platform::is_ready(&seen));
    assert_eq!(before, uids(&world).await?, "the same Deployments");
    world.serve_until_ready().await?;
    assert_eq!(before, uids(&world).await?);
    Ok(())
}

#[tokio::test]
async fn a_converged_platform_writes_nothing_for_two_minutes_and_after_a_restart() -> Result<()> {
    let world = World::new("quiet").await?;
    world.ready().await?;
    settled(&world).await?;
    let before = own_writes(&world).await?;
    assert!(before > 0, "making a platform is counted");
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(before, own_writes(&world).await?, "the operator's own count");

    let World { client, ns, operator } = world;
    operator.kill().await?;
    let versions = resource_versions(&client, &ns).await?;
    let operator = todo_scenarios::operator::Operator::start(&ns).await?;
    let world = World { client, ns, operator };
    wait::until(Duration::from_secs(30), "a pass after the restart", || async {
        let metrics = world.operator.metrics().await?;
        let passed = metrics
            .lines()
            .any(|l| l.starts_with("todoplatform_reconcile_total{") && !l.ends_with(" 0"));
        if passed { Ok(()) } else { Err("no pass yet".into()) }
    })
    .await?;
    settled(&world).await?;
    assert_eq!(
        versions,
        resource_versions(&world.client, &world.ns).await?,
        "a restart changes no object"
    );
    assert_eq!(own_writes(&world).await?, 0, "a restart writes nothing");
    Ok(())
}

#[tokio::test]
async fn what_left_the_spec_is_pruned_and_nothing_else() -> Result<()> {
    let world = World::new("prune").await?;
    world.ready().await?;
    world.exists("PodMonitor", "todo-sidecars").await?;
    let stranger = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "stranger", "labels": {"app.kubernetes.io/part-of": "todo"}},
        "data": {"a": "b"},
    });
    cluster::apply(&world.client, &world.ns, &stranger).await?;
    world
        .apply(&json!({"profile": "development", "observability": {"monitoring": {"enabled": false}}}))
        .await?;
    wait::until(Duration::from_secs(20), "the monitors gone", || async {
        let left = [
            world.names("PodMonitor").await?,
            world.names("ServiceMonitor").await?,
            world.names("PrometheusRule").await?,
        ];
        if left.iter().all(Vec::is_empty) {
            Ok(())
        } else {
            Err(format!("{left:?}").into())
        }
    })
    .await?;
    world.serve_until_ready().await?;
    world.get("ConfigMap", "stranger").await?;
    assert_eq!(world.services().await?, SERVICES);
    Ok(())
}

#[tokio::test]
async fn each_transition_is_one_event() -> Result<()> {
    let world = World::new("events").await?;
    world.ready().await?;
    settled(&world).await?;
    let list = cluster::objects(&world.client, &world.ns, "Event")
        .list(&kube::api::ListParams::default())
        .await?;
    let ready: Vec<&Value> = list
        .items
        .iter()
        .map(|e| &e.data)
        .filter(|e| e["regarding"]["kind"] == "TodoPlatform" && e["reason"] == "Ready")
        .collect();
    assert_eq!(ready.len(), 1, "{ready:#?}");
    assert!(ready[0]["series"].is_null(), "once, not a series: {:#}", ready[0]);
    Ok(())
}

async fn uids(world: &World) -> Result<BTreeMap<String, String>> {
    let mut uids = BTreeMap::new();
    for name in world.services().await? {
        let found = world.get("Deployment", &name).await?;
        uids.insert(name, found["metadata"]["uid"].to_string());
    }
    Ok(uids)
}

/// Nothing of ours is written for some seconds on end.
pub(crate) async fn settled(world: &World) -> Result<()> {
    wait::until(Duration::from_mins(1), "five quiet seconds", || async {
        let before = own_writes(world).await?;
        tokio::time::sleep(Duration::from_secs(5)).await;
        if before == own_writes(world).await? {
            Ok(())
        } else {
            Err("still writing".into())
        }
    })
    .await
}

/// Write requests of this world's operator: other scenarios share the API server and its counters.
pub(crate) async fn own_writes(world: &World) -> Result<u64> {
    let metrics = world.operator.metrics().await?;
    let lines = metrics
        .lines()
        .filter(|l| l.starts_with("todoplatform_api_writes_total"));
    Ok(lines
        .filter_map(|l| l.rsplit(' ').next()?.parse::<u64>().ok())
        .sum())
}

async fn resource_versions(client: &kube::Client, ns: &str) -> Result<BTreeMap<String, String>> {
    let mut versions = BTreeMap::new();
    for kind in [
        "TodoPlatform",
        "Deployment",
        "StatefulSet",
        "Service",
        "ConfigMap",
        "Secret",
        "Component",
        "Subscription",
    ] {
        for object in cluster::objects(client, ns, kind)
            .list(&kube::api::ListParams::default())
            .await?
        {
            let name = object.metadata.name.unwrap_or_default();
            versions.insert(
                format!("{kind}/{name}"),
                object.metadata.resource_version.unwrap_or_default(),
            );
        }
    }
    Ok(versions)
}

#[tokio::test]
async fn what_a_child_is_not_to_say_any_more_goes_also_when_the_operator_was_away() -> Result<()> {
    let annotated = |value: &str| json!({"profile": "development", "services": {"task": {"serviceAccount": {"annotations": {"example.com/role": value}}}}});
    let account = ("ServiceAccount", "todo-task");
    let role = |found: &Value| found["metadata"]["annotations"]["example.com/role"].clone();
    let bare = json!({"services": {"task": {"serviceAccount": null}}});
    let world = World::new("dropped").await?;
    world.apply(&annotated("a")).await?;
    world.serve_until_ready().await?;
    world
        .shows(account, "its role", |found| role(found) == "a")
        .await?;
    world.respec(&bare).await?;
    world
        .shows(account, "no role", |found| role(found).is_null())
        .await?;

    world.apply(&annotated("b")).await?;
    world
        .shows(account, "its role", |found| role(found) == "b")
        .await?;
    let away = world.without_operator().await?;
    cluster::merge(
        &away.client,
        &away.ns,
        "TodoPlatform",
        "todo",
        &json!({"spec": bare}),
    )
    .await?;
    let world = away.with_operator().await?;
    world
        .shows(account, "no role", |found| role(found).is_null())
        .await?;
    Ok(())
}
