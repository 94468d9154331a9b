//! Names that are taken, platforms that come back from a backup.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, platform};

use super::fixture::{Abandoned, World};

const MAP: (&str, &str) = ("ConfigMap", "todo-task");

fn somebodys(labels: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"theirs": "yes"},
        "metadata": {"name": "todo-task", "labels": labels}})
}

#[tokio::test]
async fn a_name_that_is_taken_is_left_until_the_platform_may_have_it() -> Result<()> {
    let world = World::new("taken").await?;
    cluster::apply(&world.client, &world.ns, &somebodys(&json!({}))).await?;
    world.apply(&json!({"profile": "development"})).await?;
    let stalled = world
        .says(
            "Stalled",
            "True",
            "NameTaken",
            &["ConfigMap todo-task", "somebody"],
        )
        .await?;
    let next = &stalled["status"]["blocking"][0]["nextAction"];
    assert!(
        next.as_str().is_some_and(|next| next.contains("adoptionPolicy")),
        "{next}"
    );
    assert_eq!(world.get(MAP.0, MAP.1).await?["data"], json!({"theirs": "yes"}));
    assert!(
        world.names("StatefulSet").await?.is_empty(),
        "nothing is sent around it"
    );

    world.respec(&json!({"adoptionPolicy": "IfUnowned"})).await?;
    let ready = world.serve_until_ready().await?;
    let adopted = world.get(MAP.0, MAP.1).await?;
    assert_eq!(
        adopted["metadata"]["ownerReferences"][0]["uid"],
        ready["metadata"]["uid"]
    );
    assert!(adopted["data"]["config.yaml"].is_string(), "{adopted:#}");
    Ok(())
}

#[tokio::test]
async fn what_another_tool_manages_is_taken_over_only_by_that_word() -> Result<()> {
    let world = World::new("tool").await?;
    let helm = json!({"app.kubernetes.io/managed-by": "Helm"});
    cluster::apply(&world.client, &world.ns, &somebodys(&helm)).await?;
    world
        .apply(&json!({"profile": "development", "adoptionPolicy": "IfUnowned"}))
        .await?;
    world
        .says("Stalled", "True", "NameTaken", &["ConfigMap todo-task", "Helm"])
        .await?;
    world.respec(&json!({"adoptionPolicy": "TakeOver"})).await?;
    world.serve_until_ready().await?;
    let labels = &world.get(MAP.0, MAP.1).await?["metadata"]["labels"];
    assert_eq!(labels["app.kubernetes.io/managed-by"], "todoplatform-operator");
    Ok(())
}

#[tokio::test]
async fn of_two_platforms_that_claim_one_child_the_second_names_the_first_and_nothing_flaps() -> Result<()> {
    let world = World::new("claims").await?;
    let mut other = platform::todo(&json!({"profile": "development", "paused": true}));
    other["metadata"]["name"] = json!("other");
    let other = cluster::apply(&world.client, &world.ns, &other).await?;
    let mut map = somebodys(
        &json!({"app.kubernetes.io/managed-by": "todoplatform-operator", "app.kubernetes.io/instance": "other"}),
    );
    map["metadata"]["ownerReferences"] = json!([{"apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform",
        "name": "other", "uid": other["metadata"]["uid"], "controller": true}]);
    cluster::apply(&world.client, &world.ns, &map).await?;
    world
        .apply(&json!({"profile": "development", "adoptionPolicy": "TakeOver"}))
        .await?;
    world
        .says(
            "Stalled",
            "True",
            "OwnershipConflict",
            &["ConfigMap todo-task", "TodoPlatform other"],
        )
        .await?;
    world.rests(MAP.0, MAP.1).await?;
    world.rests("TodoPlatform", "todo").await?;
    Ok(())
}

/// Kind and name of each child with its UID and its owner's.
async fn owners(away: &Abandoned) -> Result<BTreeMap<String, (String, Value)>> {
    let children = away.children().await?;
    Ok(children
        .into_iter()
        .map(|child| {
            let meta = &child["metadata"];
            (
                format!("{}/{}", child["kind"], meta["name"]),
                (meta["uid"].to_string(), meta["ownerReferences"][0]["uid"].clone()),
            )
        })
        .collect())
}

#[tokio::test]
async fn a_restored_platform_finds_its_children_again_and_what_it_does_not_want_goes() -> Result<()> {
    let world = World::new("restore").await?;
    world.ready().await?;
    let away = world.without_operator().await?;
    let before = owners(&away).await?;
    assert!(before.len() > 50, "{}", before.len());
    // A backup: owners stripped, the platform under a new UID, and a child that the spec of today does not want.
    cluster::delete(&away.client, &away.ns, "TodoPlatform", "todo").await?;
    for child in away.children().await? {
        let (Some(kind), Some(name)) = (child["kind"].as_str(), child["metadata"]["name"].as_str()) else {
            continue;
        };
        let strip = json!({"metadata": {"ownerReferences": null}});
        cluster::merge(&away.client, &away.ns, kind, name, &strip).await?;
    }
    let old = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "todo-old", "labels": {
        "app.kubernetes.io/managed-by": "todoplatform-operator", "app.kubernetes.io/instance": "todo"}}});
    cluster::apply(&away.client, &away.ns, &old).await?;
    let restored = cluster::apply(
        &away.client,
        &away.ns,
        &platform::todo(&json!({"profile": "development"})),
    )
    .await?;

    let world = away.with_operator().await?;
    let ready = world.serve_until_ready().await?;
    assert_eq!(ready["metadata"]["uid"], restored["metadata"]["uid"]);
    assert!(
        world.get("ConfigMap", "todo-old").await.is_err(),
        "nothing is left over"
    );
    let away = world.without_operator().await?;
    let after = owners(&away).await?;
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    for (name, (uid, _)) in &before {
        assert_eq!(uid, &after[name].0, "{name} was deleted and made anew");
        assert_eq!(after[name].1, restored["metadata"]["uid"], "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn what_the_former_platform_owned_is_waited_for() -> Result<()> {
    let world = World::new("former").await?;
    let ready = world.ready().await?;
    cluster::delete(&world.client, &world.ns, "TodoPlatform", "todo").await?;
    world.apply(&json!({"profile": "development"})).await?;
    let waiting = world
        .says(
            "Reconciling",
            "True",
            "FormerPlatformLeaving",
            &["former TodoPlatform todo"],
        )
        .await?;
    assert!(platform::condition(&waiting, "Stalled").is_none());
    let away = world.without_operator().await?;
    away.collect_garbage(&ready["metadata"]["uid"]).await?;
    let world = away.with_operator().await?;
    let anew = world.serve_until_ready().await?;
    assert_ne!(anew["metadata"]["uid"], ready["metadata"]["uid"]);
    Ok(())
}
