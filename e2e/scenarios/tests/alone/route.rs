//! An HTTPRoute, on an API server that serves its kind only sometimes.

use serde_json::{Value, json};
use todo_scenarios::Result;

use super::crds;
use crate::fixture::World;

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
