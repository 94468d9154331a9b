//! Services that are switched off, paused and changed; apps of the user's own.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, platform, wait};

use super::fixture::World;

/// Every kind of object that an application has.
const KINDS: [&str; 9] = [
    "ServiceAccount",
    "ConfigMap",
    "Configuration",
    "Resiliency",
    "Component",
    "Subscription",
    "Service",
    "Deployment",
    "PodDisruptionBudget",
];

#[tokio::test]
async fn a_service_is_switched_off_with_all_its_objects_and_on_again() -> Result<()> {
    let world = World::new("switch").await?;
    world.ready().await?;
    let before = of_component(&world, "analytics").await?;
    assert!(before.len() > 10, "{before:?}");
    let policies = policies_of_task(&world).await?;

    world
        .apply(&json!({"services": {"analytics": {"enabled": false}}}))
        .await?;
    wait::until(Duration::from_secs(30), "analytics gone", || async {
        let left = of_component(&world, "analytics").await?;
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}").into())
        }
    })
    .await?;
    let off = world.serve_until_ready().await?;
    assert!(
        platform::component(&off, "analytics").is_null(),
        "{:#}",
        off["status"]
    );
    let config = world.get("ConfigMap", "todo-gateway").await?["data"]["config.yaml"].to_string();
    assert!(
        config.contains("todo-task") && !config.contains("analytics"),
        "{config}"
    );
    assert_eq!(
        policies,
        policies_of_task(&world).await?,
        "task's callers are the same"
    );

    world.apply(&json!({"profile": "development"})).await?;
    world.exists("Deployment", "todo-analytics").await?;
    world.serve_until_ready().await?;
    assert_eq!(before, of_component(&world, "analytics").await?);
    Ok(())
}

#[tokio::test]
async fn a_service_that_others_need_is_not_switched_off() -> Result<()> {
    let world = World::new("needed").await?;
    world.ready().await?;
    world
        .apply(&json!({"services": {"task": {"enabled": false}}}))
        .await?;
    let refused = platform::condition_is(&world.client, &world.ns, "Stalled", "True", "InvalidSpec").await?;
    let blocking = refused["status"]["blocking"].to_string();
    assert!(
        blocking.contains("spec.services.task.enabled") && blocking.contains("scheduler"),
        "{blocking}"
    );
    world.get("Deployment", "todo-task").await?;
    Ok(())
}

#[tokio::test]
async fn an_extra_service_gets_every_object_and_keeps_its_place() -> Result<()> {
    let world = World::new("extra").await?;
    world
        .secret("shop", &json!({"url": "postgres://shop:canary-51ce@db/shop"}))
        .await?;
    let spec = json!({"profile": "development", "extraServices": [{
        "name": "shop", "image": "example/shop:1", "port": 9000, "protocol": "grpc", "metricsPort": 9001, "replicas": 2,
        "publishes": ["shop.ordered"], "consumes": [{"topic": "task.created", "route": "/orders"}], "calls": ["task"],
        "stores": ["postgresql", "redis", "daprState"], "databaseUrlSecretKeyRef": {"name": "shop", "key": "url"},
        "podDisruptionBudget": {"maxUnavailable": 1},
    }]});
    world.apply(&spec).await?;
    let ready = world.serve_until_ready().await?;
    assert_eq!(platform::component(&ready, "shop")["ready"], 2);
    let objects = of_component(&world, "shop").await?;
    let expected = [
        ("Component", "todo-shop-events"),
        ("Component", "todo-shop-state"),
        ("Configuration", "todo-shop"),
        ("Deployment", "todo-shop"),
        ("PodDisruptionBudget", "todo-shop"),
        ("Resiliency", "todo-shop"),
        ("Service", "todo-shop"),
        ("ServiceAccount", "todo-shop"),
        ("Subscription", "todo-shop-task-created"),
        ("Subscription", "todo-shop-task-created-dlq"),
    ]
    .map(|(kind, name)| format!("{kind}/{name}"));
    assert_eq!(objects.into_keys().collect::<Vec<_>>(), expected);
    world.get("Secret", "todo-shop-app-token").await?;
    world.get("Secret", "todo-shop-api-token").await?;
    let callers = policies_of_task(&world).await?.to_string();
    assert!(
        callers.contains("todo-shop") && callers.contains("todo-gateway"),
        "{callers}"
    );

    world.apply(&json!({"profile": "development"})).await?;
    wait::until(Duration::from_secs(30), "shop gone", || async {
        let left = of_component(&world, "shop").await?;
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}").into())
        }
    })
    .await?;
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_change_of_one_service_restarts_that_service() -> Result<()> {
    let world = World::new("concerned").await?;
    let flags = |value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flags"}, "data": {"FLAG": value}});
    cluster::apply(&world.client, &world.ns, &flags("one")).await?;
    let with = |services: Value| {
        let mut spec =
            json!({"services": {"analytics": {"envFrom": [{"kind": "ConfigMap", "name": "flags"}]}}});
        let all = spec["services"].as_object_mut();
        if let (Some(all), Some(more)) = (all, services.as_object()) {
            all.extend(more.clone());
        }
        spec
    };
    world.apply(&with(json!({}))).await?;
    world.serve_until_ready().await?;
    for (name, services) in [
        (
            "todo-task",
            json!({"task": {"env": [{"name": "A", "value": "a"}]}}),
        ),
        (
            "todo-scheduler",
            json!({"task": {"env": [{"name": "A", "value": "a"}]}, "scheduler": {"config": {"scheduler": {"pollMilliseconds": 250}}}}),
        ),
    ] {
        let before = templates(&world).await?;
        world.apply(&with(services)).await?;
        changed(&world, &before, name).await?;
    }
    // The user's own ConfigMap is read with every pass: its change is seen without a change of the spec.
    let before = templates(&world).await?;
    cluster::apply(&world.client, &world.ns, &flags("two")).await?;
    let mut look = 0;
    wait::until(Duration::from_secs(30), "the new flag", || {
        look += 1;
        let touch = json!({"metadata": {"annotations": {"example.com/look": look.to_string()}}});
        let (world, before) = (&world, &before);
        async move {
            world.merge("TodoPlatform", "todo", &touch).await?;
            let now = world.get("Deployment", "todo-analytics").await?["spec"]["template"].clone();
            if now == before["todo-analytics"] {
                Err("the same".into())
            } else {
                Ok(())
            }
        }
    })
    .await?;
    changed(&world, &before, "todo-analytics").await
}

#[tokio::test]
async fn objects_of_a_paused_service_are_neither_written_nor_deleted() -> Result<()> {
    let world = World::new("paused").await?;
    world.ready().await?;
    world
        .apply(&json!({"services": {"task": {"paused": true, "replicas": 3}}}))
        .await?;
    let paused = platform::until(
        &world.client,
        &world.ns,
        Duration::from_secs(30),
        "task Paused",
        |p| platform::component(p, "task")["reason"] == "Paused",
    )
    .await?;
    assert!(platform::condition(&paused, "Stalled").is_none());
    world
        .merge("Deployment", "todo-task", &json!({"spec": {"replicas": 5}}))
        .await?;
    let deleted = cluster::delete(&world.client, &world.ns, "Service", "todo-task").await?;
    assert!(!deleted.is_empty());
    // Something else changes meanwhile, so that passes do run.
    world
        .apply(&json!({"services": {"task": {"paused": true, "replicas": 3}, "gateway": {"replicas": 2}}}))
        .await?;
    wait::until(Duration::from_secs(30), "the gateway changed", || async {
        let replicas = world.get("Deployment", "todo-gateway").await?["spec"]["replicas"].clone();
        if replicas == 2 {
            Ok(())
        } else {
            Err(replicas.to_string().into())
        }
    })
    .await?;
    assert_eq!(world.get("Deployment", "todo-task").await?["spec"]["replicas"], 5);
    assert!(!world.names("Service").await?.contains(&"todo-task".to_owned()));

    world
        .apply(&json!({"services": {"task": {"replicas": 3}}}))
        .await?;
    world.exists("Service", "todo-task").await?;
    world.serve_until_ready().await?;
    assert_eq!(world.get("Deployment", "todo-task").await?["spec"]["replicas"], 3);
    Ok(())
}

/// The objects of a component, as `Kind/name`, each with its API version.
async fn of_component(world: &World, component: &str) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for kind in KINDS {
        let params = kube::api::ListParams::default().labels(&format!(
            "app.kubernetes.io/instance=todo,app.kubernetes.io/component={component}"
        ));
        for object in cluster::objects(&world.client, &world.ns, kind)
            .list(&params)
            .await?
        {
            if object.metadata.deletion_timestamp.is_none() {
                let name = object.metadata.name.unwrap_or_default();
                found.insert(
                    format!("{kind}/{name}"),
                    object.types.map(|types| types.api_version).unwrap_or_default(),
                );
            }
        }
    }
    Ok(found)
}

async fn policies_of_task(world: &World) -> Result<Value> {
    Ok(world.get("Configuration", "todo-task").await?["spec"]["accessControl"]["policies"].clone())
}

/// Pod templates by Deployment.
async fn templates(world: &World) -> Result<BTreeMap<String, Value>> {
    let mut templates = BTreeMap::new();
    for name in world.services().await? {
        let template = world.get("Deployment", &name).await?["spec"]["template"].clone();
        templates.insert(name, template);
    }
    Ok(templates)
}

/// Waits until the pod template of this Deployment differs, and says that no other does.
async fn changed(world: &World, before: &BTreeMap<String, Value>, name: &str) -> Result<()> {
    wait::until(Duration::from_secs(30), "a changed template", || async {
        let now = world.get("Deployment", name).await?["spec"]["template"].clone();
        if now == before[name] {
            Err("the same".into())
        } else {
            Ok(())
        }
    })
    .await?;
    world.serve_until_ready().await?;
    let differ: Vec<_> = templates(world)
        .await?
        .into_iter()
        .filter(|(other, template)| before[other] != *template)
        .map(|(other, _)| other)
        .collect();
    assert_eq!(differ, [name]);
    Ok(())
}
