//! The way in: an Ingress to the gateway or to an app of the user's own, for as long as it is asked for.

use std::time::Duration;

use serde_json::{Value, json};
use todo_scenarios::{Result, platform, wait};

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

#[tokio::test]
async fn an_extra_service_has_an_ingress_of_its_own_while_it_asks_for_one() -> Result<()> {
    let world = World::new("entered").await?;
    let shop = |ingress: Value| json!([{"name": "shop", "image": "example/shop:1", "port": 9000, "ingress": ingress}]);
    let mut spec = with(&json!({"ingress": {"hosts": ["todo.example.com"], "tls": {"secretName": "todo"}}}));
    spec["extraServices"] = shop(json!({}));
    world.apply(&spec).await?;
    let ready = world.serve_until_ready().await?;
    assert_eq!(ready["status"]["endpoint"], "https://todo.example.com");
    let ingress = world.get("Ingress", "todo-shop").await?["spec"].clone();
    assert_eq!(ingress["tls"][0]["secretName"], "todo");
    let path = &ingress["rules"][0]["http"]["paths"][0];
    assert_eq!(path["path"], "/shop");
    assert_eq!(path["backend"]["service"]["name"], "todo-shop");

    // What the gateway has already stays its own, and the app's Ingress stays as it was.
    spec["extraServices"] = shop(json!({"path": "/"}));
    world.apply(&spec).await?;
    let refused = platform::condition_is(&world.client, &world.ns, "Stalled", "True", "InvalidSpec").await?;
    let blocking = refused["status"]["blocking"].to_string();
    assert!(
        blocking.contains("spec.extraServices[0].ingress.path") && blocking.contains("gateway"),
        "{blocking}"
    );
    assert_eq!(world.get("Ingress", "todo-shop").await?["spec"], ingress);

    world.respec(&json!({"extraServices": null})).await?;
    wait::until(Duration::from_secs(30), "the gateway's alone", || async {
        let names = world.names("Ingress").await?;
        if names == ["todo-gateway"] {
            Ok(())
        } else {
            Err(format!("{names:?}").into())
        }
    })
    .await?;
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn what_speaks_grpc_has_no_way_in() -> Result<()> {
    let world = World::new("grpc-in").await?;
    let refused = world
        .apply(&json!({"extraServices": [{
            "name": "shop", "image": "example/shop:1", "port": 9000, "protocol": "grpc", "ingress": {"hosts": ["shop.example.com"]},
        }]}))
        .await;
    let Err(error) = refused else {
        return Err("the API server took it".into());
    };
    assert!(
        error.to_string().contains("ingress needs protocol http"),
        "{error}"
    );
    Ok(())
}
