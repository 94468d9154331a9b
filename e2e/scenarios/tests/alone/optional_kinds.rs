//! Kinds that the API server may lack: absent, appearing, vanishing, without a restart and without stalling the rest.

use std::time::Duration;

use serde_json::{Value, json};
use todo_scenarios::{
    Result, cluster,
    operator::{Operator, Start},
    platform,
};

use super::crds;
use crate::fixture::{World, place};

async fn skipped(world: &World, kinds: &[&str]) -> Result<Value> {
    let what = format!("{kinds:?} skipped");
    platform::until(
        &world.client,
        &world.ns,
        Duration::from_mins(1),
        &what,
        |platform| {
            let skipped = platform["status"]["skipped"].as_array();
            let found: Vec<&str> = skipped
                .into_iter()
                .flatten()
                .filter_map(|skipped| skipped["kind"].as_str())
                .collect();
            found == kinds
        },
    )
    .await
}

const MONITORS: [&str; 3] = ["PodMonitor", "PrometheusRule", "ServiceMonitor"];

#[tokio::test]
async fn monitors_come_and_go_with_their_kinds_and_the_status_says_which_are_skipped() -> Result<()> {
    let (client, ns) = place("monitors").await?;
    let taken = crds::take(&client, "monitoring.coreos.com").await?;
    let operator = Operator::run(&Start::in_namespace(&format!("operator-{ns}"), &ns)).await?;
    let world = World { client, ns, operator };
    let absent = async {
        world.ready().await?;
        skipped(&world, &MONITORS).await
    }
    .await;
    crds::put(&world.client, &taken).await?;
    let absent = absent?;
    let why = &absent["status"]["skipped"][0];
    assert_eq!(why["reason"], "CrdMissing");
    assert!(
        why["message"]
            .as_str()
            .is_some_and(|message| message.contains("podmonitors.monitoring.coreos.com")),
        "{why}"
    );

    world.exists("PodMonitor", "todo-sidecars").await?;
    world.exists("PrometheusRule", "todo-availability").await?;
    skipped(&world, &[]).await?;
    world.operator.ready().await?;

    let taken = crds::take(&world.client, "monitoring.coreos.com").await?;
    let vanished = async {
        skipped(&world, &MONITORS).await?;
        // The rest goes on as fast as ever.
        let uid = cluster::delete(&world.client, &world.ns, "Service", "todo-task").await?;
        cluster::replaced(&world.client, &world.ns, "Service", "todo-task", &uid).await?;
        world.operator.ready().await
    }
    .await;
    crds::put(&world.client, &taken).await?;
    vanished?;
    world.exists("ServiceMonitor", "todo-services").await?;
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn without_dapr_services_wait_and_with_it_they_start_and_losing_it_tears_nothing_down() -> Result<()> {
    let (client, ns) = place("nodapr").await?;
    let taken = crds::take(&client, "dapr.io").await?;
    let operator = Operator::run(&Start::in_namespace(&format!("operator-{ns}"), &ns)).await?;
    let world = World { client, ns, operator };
    let waiting = async {
        world.apply(&json!({"profile": "development"})).await?;
        let is_missing = |platform: &Value| {
            platform::condition(platform, "DaprReady").is_some_and(|(_, reason, _)| reason == "NotInstalled")
        };
        let limit = Duration::from_mins(1);
        platform::until(&world.client, &world.ns, limit, "NotInstalled", is_missing).await?;
        world.workloads_serve().await?;
        assert!(world.services().await?.is_empty());
        Ok::<(), todo_scenarios::Error>(())
    }
    .await;
    crds::put(&world.client, &taken).await?;
    waiting?;
    world.serve_until_ready().await?;
    world.exists("Component", "todo-task-events").await?;

    let before = cluster::names(&world.client, &world.ns, "Deployment").await?;
    let taken = crds::take(&world.client, "dapr.io").await?;
    let lost = async {
        let is_missing = |platform: &Value| {
            platform::condition(platform, "DaprReady").is_some_and(|(status, _, _)| status == "False")
        };
        let limit = Duration::from_mins(1);
        platform::until(&world.client, &world.ns, limit, "DaprReady=False", is_missing).await?;
        assert_eq!(
            cluster::names(&world.client, &world.ns, "Deployment").await?,
            before
        );
        Ok::<(), todo_scenarios::Error>(())
    }
    .await;
    crds::put(&world.client, &taken).await?;
    lost?;
    world.exists("Component", "todo-task-events").await?;
    world.serve_until_ready().await?;
    Ok(())
}
