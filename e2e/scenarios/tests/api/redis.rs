//! The cache behind sentinels and as a cluster, with real servers.

use std::time::Duration;

use serde_json::{Value, json};
use todo_kit::testing::redis::{MASTER, PASSWORD, RedisCluster, RedisSentinel};
use todo_scenarios::{Result, platform};

use super::fixture::World;

const LIMIT: Duration = Duration::from_mins(1);

fn key(key: &str) -> Value {
    json!({"name": "cache", "key": key})
}

/// Waits until this is what keeps the cache back, whatever else is awaited beside it.
async fn refuses(world: &World, reason: &str) -> Result<()> {
    let refused = platform::until(&world.client, &world.ns, LIMIT, reason, |platform| {
        platform::condition(platform, "DependenciesReady").is_some_and(|(status, _, _)| status == "False")
            && platform::dependency(platform, "cache")["reason"] == reason
    })
    .await?;
    assert!(!refused.to_string().contains("canary"), "{refused}");
    assert!(world.services().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn behind_sentinels_each_wrong_password_is_told_apart_and_the_master_opens_the_gate() -> Result<()> {
    let servers = RedisSentinel::start().await;
    let world = World::new("sentinel").await?;
    let spec = |master: &str| {
        json!({"profile": "development", "cache": {"external": {
            "sentinel": {"masterName": master, "addresses": ["127.0.0.1:1", servers.sentinel.address()], "passwordSecretKeyRef": key("sentinel")},
            "passwordSecretKeyRef": key("password"),
        }}})
    };
    world
        .secret("cache", &json!({"sentinel": "canary", "password": "canary"}))
        .await?;
    world.apply(&spec(MASTER)).await?;
    refuses(&world, "SentinelPasswordRefused").await?;
    world
        .secret("cache", &json!({"sentinel": PASSWORD, "password": "canary"}))
        .await?;
    refuses(&world, "PasswordRefused").await?;
    world
        .secret("cache", &json!({"sentinel": PASSWORD, "password": PASSWORD}))
        .await?;
    world.apply(&spec("another")).await?;
    refuses(&world, "MasterUnknown").await?;
    world.apply(&spec(MASTER)).await?;
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_server_without_a_cluster_is_told_and_a_cluster_opens_the_gate() -> Result<()> {
    let (lone, cluster) = (RedisSentinel::start().await, RedisCluster::start().await);
    let world = World::new("cluster").await?;
    let spec = |address: String| {
        json!({"profile": "development", "cache": {"external": {
            "cluster": {"addresses": [address]}, "passwordSecretKeyRef": key("password"),
        }}})
    };
    world.secret("cache", &json!({"password": PASSWORD})).await?;
    world.apply(&spec(lone.servers[0].address())).await?;
    refuses(&world, "NotACluster").await?;
    world.apply(&spec(cluster.nodes[1].address())).await?;
    world.serve_until_ready().await?;
    Ok(())
}
