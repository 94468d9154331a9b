//! Many objects: what is none of the operator's business costs it nothing, and what is stops it nowhere.

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, api::PostParams};
use serde_json::json;
use todo_scenarios::{Result, cluster, operator::Operator};

use crate::fixture::{World, place};

const SECRETS: usize = 10_000;
/// Far below what 10,000 Secrets of 1 to 10 KiB are (55 MB), far above what a process breathes.
const GROWTH_KIB: u64 = 8 * 1024;

#[tokio::test]
async fn ten_thousand_strange_secrets_leave_memory_flat() -> Result<()> {
    let (client, ns) = place("memory").await?;
    let operator = Operator::start(&ns).await?;
    let world = World { client, ns, operator };
    world.ready().await?;
    let before = world.operator.resident_kib()?;

    let api = Api::<Secret>::namespaced(world.client.clone(), &world.ns);
    let make = |n: usize| {
        let api = api.clone();
        async move {
            let filling = "x".repeat(1024 * (1 + n % 10));
            let secret = serde_json::from_value(json!({
                "metadata": {"name": format!("strange-{n}")}, "stringData": {"filling": filling},
            }))?;
            api.create(&PostParams::default(), &secret).await?;
            Ok::<(), todo_scenarios::Error>(())
        }
    };
    stream::iter((0..SECRETS).map(make))
        .buffer_unordered(32)
        .try_collect::<Vec<()>>()
        .await?;
    // A pass with all of them there, and a restart: neither reads what it does not need.
    cluster::delete(&world.client, &world.ns, "Deployment", "todo-task").await?;
    world.exists("Deployment", "todo-task").await?;
    world.serve_until_ready().await?;
    let after = world.operator.resident_kib()?;
    assert!(after < before + GROWTH_KIB, "from {before} KiB to {after} KiB");

    let World { client, ns, operator } = world;
    operator.terminate().await?;
    let operator = Operator::start(&ns).await?;
    let world = World { client, ns, operator };
    cluster::delete(&world.client, &world.ns, "Deployment", "todo-task").await?;
    world.exists("Deployment", "todo-task").await?;
    world.serve_until_ready().await?;
    let anew = world.operator.resident_kib()?;
    assert!(
        anew < before + GROWTH_KIB,
        "started anew: from {before} KiB to {anew} KiB"
    );
    Ok(())
}

/// More than the operator ever keeps waiting.
const CHILDREN: usize = 3_000;

#[tokio::test]
async fn an_operator_starts_among_thousands_of_children() -> Result<()> {
    let (client, ns) = place("many").await?;
    let api = Api::<ConfigMap>::namespaced(client.clone(), &ns);
    let make = |n: usize| {
        let api = api.clone();
        async move {
            let map = serde_json::from_value(json!({"metadata": {"name": format!("child-{n}"), "labels": {
                "app.kubernetes.io/managed-by": "todoplatform-operator",
                "app.kubernetes.io/instance": format!("platform-{}", n / 50),
            }}}))?;
            api.create(&PostParams::default(), &map).await?;
            Ok::<(), todo_scenarios::Error>(())
        }
    };
    stream::iter((0..CHILDREN).map(make))
        .buffer_unordered(32)
        .try_collect::<Vec<()>>()
        .await?;
    let operator = Operator::start(&ns).await?;
    World { client, ns, operator }.ready().await?;
    Ok(())
}
