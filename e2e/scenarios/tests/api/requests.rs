//! What a user asks for by annotation, and how it is acknowledged.

use std::time::Duration;

use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, wait};

use super::fixture::World;

const RESTART: &str = "todoplatform.dev/restart-requested-at";

#[tokio::test]
async fn a_request_for_a_pass_is_followed_and_acknowledged_once() -> Result<()> {
    let world = World::new("again").await?;
    world.ready().await?;
    let request = "2026-03-01T10:00:00Z";
    world
        .annotate("todoplatform.dev/reconcile-requested-at", &json!(request))
        .await?;
    world
        .until("acknowledged", |found| {
            found["status"]["lastHandledReconcileAt"] == request
        })
        .await?;
    world.rests("TodoPlatform", "todo").await?;
    Ok(())
}

async fn templates(world: &World) -> Result<Vec<(String, Value)>> {
    let mut found = Vec::new();
    for name in world.services().await? {
        let deployment = world.get("Deployment", &name).await?;
        found.push((name, deployment["spec"]["template"].clone()));
    }
    Ok(found)
}

/// Plays the workload controllers until the request is acknowledged. The platform may still be Ready from before it.
async fn restarted(world: &World, request: &str) -> Result<()> {
    wait::until(Duration::from_mins(1), "acknowledged", || async {
        world.workloads_serve().await?;
        let found = world.get("TodoPlatform", "todo").await?;
        if found["status"]["lastHandledRestartAt"] == request {
            Ok(())
        } else {
            Err(format!("{:#}", found["status"]).into())
        }
    })
    .await
}

#[tokio::test]
async fn a_request_to_restart_changes_the_templates_that_it_concerns() -> Result<()> {
    let world = World::new("restart").await?;
    world.ready().await?;
    let before = templates(&world).await?;
    let stores = world.get("StatefulSet", "todo-postgres").await?["spec"]["template"].clone();

    world
        .annotate(&format!("{RESTART}.task"), &json!("2026-03-01T10:00:00Z"))
        .await?;
    restarted(&world, "2026-03-01T10:00:00Z").await?;
    let one = templates(&world).await?;
    let changed: Vec<&str> = before
        .iter()
        .zip(&one)
        .filter(|(before, now)| before != now)
        .map(|(before, _)| before.0.as_str())
        .collect();
    assert_eq!(changed, ["todo-task"]);

    world.annotate(RESTART, &json!("2026-03-01T11:00:00Z")).await?;
    restarted(&world, "2026-03-01T11:00:00Z").await?;
    for ((name, before), (_, now)) in one.iter().zip(&templates(&world).await?) {
        assert_ne!(before, now, "{name}");
    }
    assert_eq!(
        stores,
        world.get("StatefulSet", "todo-postgres").await?["spec"]["template"],
        "a store restarts only when it is named"
    );
    cluster::delete(&world.client, &world.ns, "TodoPlatform", "todo").await?;
    Ok(())
}
