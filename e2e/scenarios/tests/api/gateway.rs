//! The way in: an Ingress, for as long as it is asked for.

use std::time::Duration;

use serde_json::{Value, json};
use todo_scenarios::{Result, platform};

use super::fixture::World;

fn with(gateway: &Value) -> Value {
    json!({"profile": "development", "gateway": gateway})
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

    world.respec(&json!({"gateway": {"ingress": null}})).await?;
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
