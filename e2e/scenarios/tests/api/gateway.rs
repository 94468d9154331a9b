//! The way in: an Ingress, an HTTPRoute, and an API server that serves the latter only sometimes.

use std::time::Duration;

use serde_json::{Value, json};
use todo_scenarios::{Result, platform};

use super::{crds, fixture::World};

fn with(gateway: &Value) -> Value {
    json!({"profile": "development", "gateway": gateway})
}

#[tokio::test]
async fn a_route_is_made_when_its_kind_appears_and_nothing_stalls_when_it_vanishes() -> Result<()> {
    let world = World::new("route").await?;
    crds::remove(&world.client, &world.ns, "HTTPRoute").await?;
    let route = json!({"httpRoute": {"parentRefs": [{"name": "public"}], "hostnames": ["todo.example.com"]}});
    world.apply(&with(&route)).await?;
    let ready = world.serve_until_ready().await?;
    assert_eq!(ready["status"]["endpoint"], "https://todo.example.com");

    crds::install(&world.client, &world.ns, "HTTPRoute").await?;
    let made = world.exists("HTTPRoute", "todo-gateway").await?;
    assert_eq!(made["spec"]["hostnames"], json!(["todo.example.com"]));

    crds::remove(&world.client, &world.ns, "HTTPRoute").await?;
    let ingress = json!({"ingress": {"hosts": ["todo.example.com"], "tls": {"secretName": "tls"}}});
    world.apply(&with(&ingress)).await?;
    world.exists("Ingress", "todo-gateway").await?;
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn an_ingress_goes_with_its_section() -> Result<()> {
    let world = World::new("ingress").await?;
    world
        .apply(&with(
            &json!({"ingress": {"hosts": ["todo.example.com"], "tls": {"issuerRef": {"name": "ca"}}}}),
        ))
        .await?;
    let ready = world.serve_until_ready().await?;
    assert_eq!(ready["status"]["endpoint"], "https://todo.example.com");
    let ingress = world.get("Ingress", "todo-gateway").await?;
    assert_eq!(ingress["metadata"]["annotations"]["cert-manager.io/issuer"], "ca");

    world.apply(&with(&json!({}))).await?;
    platform::until(
        &world.client,
        &world.ns,
        Duration::from_mins(1),
        "the endpoint inside",
        |platform| {
            platform["status"]["endpoint"]
                .as_str()
                .is_some_and(|endpoint| endpoint.ends_with(".svc.cluster.local:8080"))
        },
    )
    .await?;
    assert!(world.names("Ingress").await?.is_empty());
    Ok(())
}
