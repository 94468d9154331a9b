//! What somebody else does to a child is undone; what nobody of ours made is left alone.

use std::time::Duration;

use serde_json::json;
use todo_scenarios::{Result, cluster, platform, wait};

use super::fixture::World;

#[tokio::test]
async fn a_deleted_child_is_back_within_seconds_whatever_its_kind() -> Result<()> {
    let world = World::new("deleted").await?;
    world.ready().await?;
    for (kind, name) in [
        ("Deployment", "todo-task"),
        ("Service", "todo-gateway"),
        ("ConfigMap", "todo-task"),
        ("ServiceAccount", "todo-task"),
        ("StatefulSet", "todo-redis"),
        ("Component", "todo-task-events"),
        ("Subscription", "todo-analytics-task-created"),
        ("Configuration", "todo-task"),
        ("Resiliency", "todo-analytics"),
        ("PodMonitor", "todo-sidecars"),
        ("ServiceMonitor", "todo-services"),
        ("PrometheusRule", "todo-availability"),
    ] {
        let uid = cluster::delete(&world.client, &world.ns, kind, name).await?;
        cluster::replaced(&world.client, &world.ns, kind, name, &uid).await?;
    }
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn an_edited_field_of_ours_is_put_back() -> Result<()> {
    let world = World::new("edited").await?;
    world.ready().await?;
    let image =
        world.get("Deployment", "todo-task").await?["spec"]["template"]["spec"]["containers"][0]["image"]
            .clone();
    let edits = [
        (
            "Deployment",
            "todo-task",
            json!({"spec": {"replicas": 5}}),
            "/spec/replicas",
            json!(1),
        ),
        (
            "Component",
            "todo-task-events",
            json!({"scopes": ["everybody"]}),
            "/scopes",
            json!(["todo-task"]),
        ),
        (
            "Service",
            "todo-gateway",
            json!({"metadata": {"labels": {"app.kubernetes.io/part-of": "else"}}}),
            "/metadata/labels/app.kubernetes.io~1part-of",
            json!("todo"),
        ),
        (
            "Deployment",
            "todo-task",
            json!({"metadata": {"ownerReferences": null}}),
            "/metadata/ownerReferences/0/kind",
            json!("TodoPlatform"),
        ),
    ];
    for (kind, name, change, pointer, wanted) in edits {
        world.merge(kind, name, &change).await?;
        wait::until(
            Duration::from_secs(10),
            &format!("{kind}/{name} {pointer}"),
            || async {
                let found = world.get(kind, name).await?;
                if found.pointer(pointer) == Some(&wanted) {
                    Ok(())
                } else {
                    Err(format!("{:?}", found.pointer(pointer)).into())
                }
            },
        )
        .await?;
    }
    let found = world.get("Deployment", "todo-task").await?;
    assert_eq!(found["spec"]["template"]["spec"]["containers"][0]["image"], image);
    Ok(())
}

#[tokio::test]
async fn a_generated_secret_is_made_once_and_never_rewritten() -> Result<()> {
    let world = World::new("secrets").await?;
    world.ready().await?;
    let first = world.get("Secret", "todo-postgres").await?;
    world
        .apply(&json!({"profile": "development", "services": {"task": {"replicas": 2}}}))
        .await?;
    world.serve_until_ready().await?;
    let second = world.get("Secret", "todo-postgres").await?;
    assert_eq!(first["data"], second["data"]);
    assert_eq!(
        first["metadata"]["resourceVersion"],
        second["metadata"]["resourceVersion"]
    );

    // A user's own value in it stays as well.
    world
        .merge(
            "Secret",
            "todo-redis",
            &json!({"metadata": {"annotations": {"note": "mine"}}}),
        )
        .await?;
    world.apply(&json!({"profile": "development"})).await?;
    world.serve_until_ready().await?;
    assert_eq!(
        world.get("Secret", "todo-redis").await?["metadata"]["annotations"]["note"],
        "mine"
    );
    Ok(())
}

#[tokio::test]
async fn a_child_name_that_another_owner_holds_is_refused_and_named() -> Result<()> {
    let world = World::new("conflict").await?;
    let owner = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "landlord"},
    });
    let landlord = cluster::apply(&world.client, &world.ns, &owner).await?;
    let taken = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": {"theirs": "yes"},
        "metadata": {"name": "todo-task", "ownerReferences": [{
            "apiVersion": "v1", "kind": "ConfigMap", "name": "landlord", "uid": landlord["metadata"]["uid"], "controller": true,
        }]},
    });
    cluster::apply(&world.client, &world.ns, &taken).await?;
    world.apply(&json!({"profile": "development"})).await?;
    let stalled =
        platform::condition_is(&world.client, &world.ns, "Stalled", "True", "OwnershipConflict").await?;
    assert!(
        stalled.to_string().contains("landlord"),
        "the owner is named: {:#}",
        stalled["status"]
    );
    assert_eq!(
        world.get("ConfigMap", "todo-task").await?["data"],
        json!({"theirs": "yes"}),
        "and left alone"
    );

    cluster::delete(&world.client, &world.ns, "ConfigMap", "todo-task").await?;
    world.serve_until_ready().await?;
    Ok(())
}
