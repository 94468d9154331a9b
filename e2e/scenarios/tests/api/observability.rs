//! Who is told of alerts, and dashboards: objects that come and go with the spec.

use std::time::Duration;

use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, wait};

use super::fixture::World;

const ROUTING: (&str, &str) = ("AlertmanagerConfig", "todo");

fn told() -> Value {
    json!({"profile": "development", "observability": {"routing": {"receivers": [
        {"name": "chat", "slack": {"channel": "#todo", "apiUrlSecretKeyRef": {"name": "alerting", "key": "slack"}}},
    ]}}})
}

async fn dashboards(world: &World) -> Result<usize> {
    let maps = world.names("ConfigMap").await?;
    Ok(maps
        .iter()
        .filter(|name| name.starts_with("todo-dashboard-"))
        .count())
}

#[tokio::test]
async fn routing_needs_its_credentials_and_hands_on_their_names_alone() -> Result<()> {
    let world = World::new("routing").await?;
    world.apply(&told()).await?;
    world
        .says("Stalled", "True", "MissingSecret", &["alerting"])
        .await?;

    let url = "https://hooks.example/canary-51c7";
    world.secret("alerting", &json!({"slack": url})).await?;
    world.serve_until_ready().await?;
    let object = world.exists(ROUTING.0, ROUTING.1).await?;
    assert_eq!(
        object["spec"]["receivers"][1]["slackConfigs"][0]["apiURL"],
        json!({"name": "alerting", "key": "slack"})
    );
    assert!(!object.to_string().contains("canary-51c7"), "{object}");

    let uid = cluster::delete(&world.client, &world.ns, ROUTING.0, ROUTING.1).await?;
    cluster::replaced(&world.client, &world.ns, ROUTING.0, ROUTING.1, &uid).await?;

    world.respec(&json!({"hibernated": true})).await?;
    world
        .shows(ROUTING, "no routes while it sleeps", |object| {
            object["spec"]["route"]["routes"].is_null()
        })
        .await?;
    world
        .respec(&json!({"hibernated": null, "observability": {"routing": null}}))
        .await?;
    wait::until(Duration::from_secs(30), "the routing gone", || async {
        match world.names(ROUTING.0).await?.as_slice() {
            [] => Ok(()),
            left => Err(format!("{left:?}").into()),
        }
    })
    .await
}

#[tokio::test]
async fn dashboards_are_there_unasked_and_go_when_they_are_not_wanted() -> Result<()> {
    let world = World::new("dashboards").await?;
    world.ready().await?;
    assert_eq!(dashboards(&world).await?, 6);
    world
        .respec(&json!({"observability": {"dashboards": {"enabled": false}}}))
        .await?;
    wait::until(Duration::from_secs(30), "the dashboards gone", || async {
        match dashboards(&world).await? {
            0 => Ok(()),
            left => Err(format!("{left} left").into()),
        }
    })
    .await
}

#[tokio::test]
async fn the_operator_says_that_a_platform_is_paused_as_a_whole() -> Result<()> {
    let world = World::new("paused-metric").await?;
    world.ready().await?;
    let series = format!(
        "todoplatform_platform_paused{{namespace=\"{}\",platform=\"todo\"}}",
        world.ns
    );
    for (spec, value) in [
        (json!({"services": {"task": {"paused": true}}}), 0),
        (json!({"paused": true}), 1),
        (json!({"paused": null}), 0),
    ] {
        world.respec(&spec).await?;
        let wanted = format!("{series} {value}");
        wait::until(Duration::from_secs(30), &wanted, || async {
            let metrics = world.operator.metrics().await?;
            if metrics.lines().any(|line| line == wanted) {
                Ok(())
            } else {
                Err("not yet".into())
            }
        })
        .await?;
    }
    Ok(())
}
