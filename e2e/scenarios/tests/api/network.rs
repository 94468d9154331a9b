//! Network policies come and go with `spec.networkPolicy`, and one that somebody opens is closed again.

use std::time::Duration;

use serde_json::json;
use todo_scenarios::{Result, wait};

use super::fixture::World;

#[tokio::test]
async fn policies_are_made_kept_and_taken_away() -> Result<()> {
    let world = World::new("netpol").await?;
    world
        .apply(&json!({"profile": "development", "networkPolicy": {"enabled": true}}))
        .await?;
    world.serve_until_ready().await?;
    assert_eq!(
        world.names("NetworkPolicy").await?,
        [
            "analytics",
            "gateway",
            "notification",
            "postgres",
            "postgres-exporter",
            "redis",
            "redis-exporter",
            "scheduler",
            "task"
        ]
        .map(|component| format!("todo-{component}"))
    );
    let redis = world.get("NetworkPolicy", "todo-redis").await?;
    assert!(redis["spec"]["egress"].is_null(), "a store opens no connections");

    world
        .merge("NetworkPolicy", "todo-redis", &json!({"spec": {"ingress": [{}]}}))
        .await?;
    wait::until(Duration::from_secs(10), "closed again", || async {
        let found = world.get("NetworkPolicy", "todo-redis").await?;
        if found["spec"] == redis["spec"] {
            Ok(())
        } else {
            Err(found["spec"].to_string().into())
        }
    })
    .await?;

    world.apply(&json!({"profile": "development"})).await?;
    world.serve_until_ready().await?;
    wait::until(Duration::from_secs(10), "no policies", || async {
        let names = world.names("NetworkPolicy").await?;
        if names.is_empty() {
            Ok(())
        } else {
            Err(format!("{names:?}").into())
        }
    })
    .await
}
