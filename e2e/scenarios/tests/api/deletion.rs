//! What goes with a platform and what outlives it: decided by owner references while it lives, so that it holds with
//! the operator away.

use std::time::Duration;

use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, command, env, install, platform, wait};

use super::fixture::World;

const MODE: &str = "/metadata/annotations/todoplatform.dev~1deletion-policy";

/// One object of each class: workloads, data (volume and password), keys.
const CLASSES: [(&str, &str); 4] = [
    ("Deployment", "todo-task"),
    ("PersistentVolumeClaim", "todo-postgres"),
    ("Secret", "todo-postgres"),
    ("Secret", "todo-signing-key"),
];

/// Waits until each class is owned, or not and says why.
async fn fates(world: &World, wanted: [Option<&str>; 4]) -> Result<()> {
    let uid = world.get("TodoPlatform", "todo").await?["metadata"]["uid"].clone();
    for (object, mode) in CLASSES.into_iter().zip(wanted) {
        world
            .shows(object, &format!("{mode:?}"), |found| {
                let owner = found.pointer("/metadata/ownerReferences/0/uid");
                let is = found.pointer(MODE).and_then(Value::as_str);
                is == mode && owner == mode.map_or(Some(&uid), |_| None)
            })
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn owner_references_follow_the_policy_back_and_forth() -> Result<()> {
    let world = World::new("classes").await?;
    world.ready().await?;
    fates(&world, [None; 4]).await?;
    world
        .respec(&json!({"deletionPolicy": {"data": "Retain", "keys": "Orphan"}}))
        .await?;
    fates(&world, [None, Some("Retain"), Some("Retain"), Some("Orphan")]).await?;
    world
        .respec(&json!({"deletionPolicy": {"workloads": "Orphan"}}))
        .await?;
    fates(
        &world,
        [Some("Orphan"), Some("Retain"), Some("Retain"), Some("Orphan")],
    )
    .await?;
    let ready = world.serve_until_ready().await?;
    assert!(platform::condition(&ready, "Stalled").is_none());
    world.respec(&json!({"deletionPolicy": null})).await?;
    fates(&world, [None; 4]).await?;
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn what_is_pruned_is_pruned_also_when_it_would_outlive_the_platform() -> Result<()> {
    let world = World::new("letgo").await?;
    let policy = json!({"workloads": "Orphan", "data": "Retain", "keys": "Retain"});
    world
        .apply(&json!({"profile": "development", "deletionPolicy": policy}))
        .await?;
    world.serve_until_ready().await?;
    world.exists("PodMonitor", "todo-sidecars").await?;
    world
        .respec(&json!({"observability": {"monitoring": {"enabled": false}}}))
        .await?;
    wait::until(Duration::from_secs(20), "the monitor gone", || async {
        if world.names("PodMonitor").await?.is_empty() {
            Ok(())
        } else {
            Err("still there".into())
        }
    })
    .await?;
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn what_is_retained_with_the_operator_away_is_there_for_the_next_platform_of_the_name() -> Result<()> {
    let world = World::new("retain").await?;
    let spec = json!({"profile": "development", "deletionPolicy": {"data": "Retain"}});
    world.apply(&spec).await?;
    let ready = world.serve_until_ready().await?;
    assert!(ready["metadata"]["finalizers"].is_null(), "nothing can get stuck");
    let volume = world.get("PersistentVolumeClaim", "todo-postgres").await?;
    let password = world.get("Secret", "todo-postgres").await?;
    let tokens = world.get("Secret", "todo-task-app-token").await?;

    let away = world.without_operator().await?;
    let uid = ready["metadata"]["uid"].clone();
    cluster::delete(&away.client, &away.ns, "TodoPlatform", "todo").await?;
    assert!(
        cluster::get(&away.client, &away.ns, "TodoPlatform", "todo")
            .await
            .is_err(),
        "it is gone at once, with nobody there"
    );
    away.collect_garbage(&uid).await?;
    let mut left: Vec<String> = away
        .children()
        .await?
        .iter()
        .filter_map(|child| {
            Some(format!(
                "{}/{}",
                child["kind"].as_str()?,
                child["metadata"]["name"].as_str()?
            ))
        })
        .collect();
    left.sort();
    assert_eq!(
        left,
        [
            "PersistentVolumeClaim/todo-postgres",
            "PersistentVolumeClaim/todo-redis",
            "Secret/todo-postgres",
            "Secret/todo-postgres-exporter",
            "Secret/todo-redis"
        ]
    );

    let world = away.with_operator().await?;
    world.apply(&spec).await?;
    world.serve_until_ready().await?;
    let same = |before: &Value, now: &Value| before["metadata"]["uid"] == now["metadata"]["uid"];
    assert!(same(
        &volume,
        &world.get("PersistentVolumeClaim", "todo-postgres").await?
    ));
    let now = world.get("Secret", "todo-postgres").await?;
    assert!(same(&password, &now) && password["data"] == now["data"]);
    assert!(
        !same(&tokens, &world.get("Secret", "todo-task-app-token").await?),
        "the rest is new"
    );
    Ok(())
}

#[tokio::test]
async fn a_platform_whose_references_are_gone_is_deleted_like_any_other() -> Result<()> {
    let world = World::new("dangling").await?;
    world.apply(&production("Retain")).await?;
    world
        .says("Stalled", "True", "MissingSecret", &["database"])
        .await?;
    cluster::delete(&world.client, &world.ns, "TodoPlatform", "todo").await?;
    assert!(world.get("TodoPlatform", "todo").await.is_err());
    Ok(())
}

#[tokio::test]
async fn deleting_production_data_asks_for_the_name_and_the_operator_need_not_be_there() -> Result<()> {
    let world = World::new("confirm").await?;
    // As the chart renders it, under a name of its own: policies are the whole cluster's.
    let chart = install::project("charts/todoplatform-operator")
        .display()
        .to_string();
    let helm = env::or("TODO_TEST_HELM", "helm");
    let file = "templates/confirm-deletion.yaml";
    let policy = command::ok(&helm, &["template", &world.ns, &chart, "--show-only", file], None).await?;
    let kubectl = env::or("TODO_TEST_KUBECTL", "kubectl");
    command::ok(&kubectl, &["apply", "-f", "-"], Some(&policy)).await?;

    let away = world.without_operator().await?;
    let make = |mode: &str| {
        let object = platform::todo(&production(mode));
        let (client, ns) = (away.client.clone(), away.ns.clone());
        async move { cluster::apply(&client, &ns, &object).await }
    };
    make("Delete").await?;
    let api = cluster::objects(&away.client, &away.ns, "TodoPlatform");
    let trial = kube::api::DeleteParams {
        dry_run: true,
        ..Default::default()
    };
    let refusal = wait::until(Duration::from_secs(30), "a refusal", || async {
        match api.delete("todo", &trial).await {
            Ok(_) => Err("not asked yet".into()),
            Err(refusal) => Ok(refusal.to_string()),
        }
    })
    .await?;
    assert!(
        refusal.contains(&format!(
            "kubectl -n {} annotate tp todo todoplatform.dev/confirm-deletion=todo",
            away.ns
        )),
        "{refusal}"
    );
    let annotate =
        |value: &str| json!({"metadata": {"annotations": {"todoplatform.dev/confirm-deletion": value}}});
    cluster::merge(&away.client, &away.ns, "TodoPlatform", "todo", &annotate("other")).await?;
    assert!(
        api.delete("todo", &kube::api::DeleteParams::default())
            .await
            .is_err(),
        "of another name"
    );
    cluster::merge(&away.client, &away.ns, "TodoPlatform", "todo", &annotate("todo")).await?;
    cluster::delete(&away.client, &away.ns, "TodoPlatform", "todo").await?;

    make("Retain").await?;
    cluster::delete(&away.client, &away.ns, "TodoPlatform", "todo").await?;
    command::ok(&kubectl, &["delete", "-f", "-"], Some(&policy)).await?;
    Ok(())
}

/// A production platform whose Secrets nobody made.
fn production(data: &str) -> Value {
    let key = |name: &str| json!({"name": name, "key": "url"});
    json!({
        "profile": "production",
        "database": {"external": {"urlSecretKeyRef": key("db")}},
        "cache": {"external": {"urlSecretKeyRef": key("cache")}},
        "broker": {"kafka": {"brokers": ["kafka.invalid:9092"]}},
        "auth": {"issuer": "https://issuer.invalid", "audience": "todo", "jwksUrl": "https://issuer.invalid/jwks"},
        "deletionPolicy": {"data": data},
    })
}
