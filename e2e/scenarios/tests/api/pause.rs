//! A paused platform is looked at and told of, and nothing of it is written.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, platform};

use super::fixture::World;

const TASK: (&str, &str) = ("Deployment", "todo-task");
const UNTIL: &str = "todoplatform.dev/paused-until";

#[tokio::test]
async fn a_paused_platform_tells_what_differs_and_is_put_right_once_it_goes_on() -> Result<()> {
    let world = World::new("paused").await?;
    world.ready().await?;
    world.respec(&json!({"paused": true})).await?;
    world.says("Paused", "True", "Paused", &["spec.paused"]).await?;

    // A fix by hand, which the pause is for.
    cluster::merge_as(
        &world.client,
        &world.ns,
        "kubectl-edit",
        TASK,
        &json!({"spec": {"replicas": 5}}),
    )
    .await?;
    let drifted = world
        .says(
            "Drifted",
            "True",
            "Drifted",
            &["Deployment/todo-task", ".spec.replicas", "kubectl-edit"],
        )
        .await?;
    assert!(
        platform::condition(&drifted, "Stalled").is_none(),
        "nothing is wrong: {:#}",
        drifted["status"]
    );
    world.rests(TASK.0, TASK.1).await?;
    assert_eq!(world.get(TASK.0, TASK.1).await?["spec"]["replicas"], 5);

    // An edit of the spec that is not sent: not ready, with what to do.
    world
        .respec(&json!({"services": {"scheduler": {"logLevel": "debug"}}}))
        .await?;
    let held = world
        .says("Ready", "False", "Paused", &["ConfigMap/todo-scheduler"])
        .await?;
    assert_eq!(
        held["status"]["observedGeneration"],
        held["metadata"]["generation"]
    );
    assert_ne!(
        held["status"]["appliedGeneration"],
        held["metadata"]["generation"]
    );
    let next = &held["status"]["blocking"][0]["nextAction"];
    assert!(
        next.as_str().is_some_and(|next| next.contains("paused")),
        "{next}"
    );

    world.respec(&json!({"paused": null})).await?;
    world
        .shows(TASK, "one pod", |task| task["spec"]["replicas"] == 1)
        .await?;
    let ready = world.serve_until_ready().await?;
    assert_eq!(
        platform::condition(&ready, "Paused").map(|(s, r, _)| (s, r)),
        Some(("False", "NotPaused"))
    );
    assert_eq!(
        ready["status"]["appliedGeneration"],
        ready["metadata"]["generation"]
    );
    Ok(())
}

#[tokio::test]
async fn a_platform_that_is_paused_before_it_exists_makes_nothing() -> Result<()> {
    let world = World::new("asleep").await?;
    world
        .apply(&json!({"profile": "development", "paused": true}))
        .await?;
    let held = world
        .says("Ready", "False", "Paused", &["ServiceAccount/todo-task", "more"])
        .await?;
    assert!(held["status"]["inventory"].is_null(), "nothing is on record");
    assert!(world.names("StatefulSet").await?.is_empty() && world.names("Secret").await?.is_empty());
    world.respec(&json!({"paused": false})).await?;
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_pause_with_an_end_ends_by_itself_and_one_that_cannot_be_read_does_not() -> Result<()> {
    let world = World::new("until").await?;
    world.ready().await?;
    world.annotate(UNTIL, &json!("tomorrow")).await?;
    world
        .says(
            "Paused",
            "True",
            "UnreadablePausedUntil",
            &["tomorrow", "RFC 3339"],
        )
        .await?;

    let until = servers_time(&world).await? + SignedDuration::from_secs(12);
    world.annotate(UNTIL, &json!(until.to_string())).await?;
    world
        .says("Paused", "True", "PausedUntil", &[&until.to_string()])
        .await?;
    cluster::delete(&world.client, &world.ns, "Service", "todo-task").await?;
    world
        .says("Drifted", "True", "Drifted", &["Service/todo-task", "deleted"])
        .await?;
    assert!(world.get("Service", "todo-task").await.is_err(), "left as it is");

    // Nobody touches anything: the pass at the end of the pause puts it back.
    let back = world.exists("Service", "todo-task").await?;
    let made: Timestamp = text(&back, "/metadata/creationTimestamp")?.parse()?;
    assert!(
        made + SignedDuration::from_secs(1) >= until,
        "{made} is before {until}"
    );
    world.says("Paused", "False", "NotPaused", &[]).await?;
    todo_scenarios::wait::throughout(Duration::from_secs(1), "ready", || async {
        let now = world.get("TodoPlatform", "todo").await?;
        if platform::is_ready(&now) {
            Ok(())
        } else {
            Err(format!("{:#}", now["status"]).into())
        }
    })
    .await
}

/// The time as the API server has it: of an object that it makes now.
async fn servers_time(world: &World) -> Result<Timestamp> {
    let made = world.secret("clock", &json!({"a": "b"})).await?;
    Ok(text(&made, "/metadata/creationTimestamp")?.parse()?)
}

fn text<'a>(object: &'a Value, pointer: &str) -> Result<&'a str> {
    Ok(object
        .pointer(pointer)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("no {pointer}"))?)
}
