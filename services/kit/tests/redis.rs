//! The connection to Redis in each of its modes, on real servers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::time::Duration;

use redis::{AsyncCommands, Script};
use todo_kit::redis::{Address, Redis, connect, ping};
use todo_kit::testing::redis::{MASTER, PASSWORD, RedisCluster, RedisSentinel, eventually};
use todo_kit::{Environment, redis::RedisError};

fn connected(environment: &Environment) -> Redis {
    connect(&Address::of(environment).unwrap(), Duration::from_secs(1)).unwrap()
}

/// Writes by script, as the services do.
async fn write(redis: &mut Redis, key: &str, value: &str) -> Result<(), redis::RedisError> {
    let script = Script::new("return redis.call('SET', KEYS[1], ARGV[1])");
    script.key(key).arg(value).invoke_async(redis).await
}

#[tokio::test]
async fn the_master_is_followed_wherever_the_sentinel_moves_it() {
    let mut servers = RedisSentinel::start().await;
    let mut redis = connected(&servers.environment());
    write(&mut redis, "key", "before").await.unwrap();
    let [first, second] = [servers.servers[0].port, servers.servers[1].port];

    // An orderly handover: the connection stays, and leads to a replica.
    // Until the sentinel has heard of the replica it has nobody to promote.
    let handover = ["SENTINEL", "FAILOVER", MASTER];
    eventually("a handover", async || {
        servers.sentinel.ask::<()>(&handover).await.ok()
    })
    .await;
    servers.is_led_by(second).await;
    // The sentinel names the new master before it demotes the old one, which takes and loses writes until then.
    eventually("the first is a replica of the second", async || {
        let info: String = servers.servers[0].ask(&["INFO", "replication"]).await.ok()?;
        info.contains("master_link_status:up").then_some(())
    })
    .await;
    eventually("a write after the handover", async || {
        write(&mut redis, "key", "handed over").await.ok()
    })
    .await;
    let there: String = servers.servers[1].ask(&["GET", "key"]).await.unwrap();
    assert_eq!(there, "handed over");

    // A loss: the connection breaks.
    servers.servers[1].kill();
    servers.is_led_by(first).await;
    eventually("a write after the loss", async || {
        write(&mut redis, "key", "after").await.ok()
    })
    .await;
    let there: String = servers.servers[0].ask(&["GET", "key"]).await.unwrap();
    assert_eq!(there, "after");
    ping(redis).await.unwrap();
}

#[tokio::test]
async fn a_sentinel_that_is_away_is_asked_again() {
    let servers = RedisSentinel::start().await;
    let nowhere: Environment = servers
        .environment()
        .iter()
        .map(|(name, value)| {
            (
                name,
                if name == "REDIS_ADDRESSES" {
                    "127.0.0.1:1"
                } else {
                    value
                },
            )
        })
        .collect();
    let mut redis = connected(&nowhere);
    assert!(write(&mut redis, "key", "value").await.is_err());
    let both = format!("127.0.0.1:1,{}", servers.sentinel.address());
    let one_of_two: Environment = servers
        .environment()
        .iter()
        .map(|(name, value)| {
            (
                name,
                if name == "REDIS_ADDRESSES" {
                    both.as_str()
                } else {
                    value
                },
            )
        })
        .collect();
    write(&mut connected(&one_of_two), "key", "value").await.unwrap();
}

#[tokio::test]
async fn a_cluster_is_learnt_from_one_node_and_takes_scripts_and_transactions_on_every_node() {
    let cluster = RedisCluster::start().await;
    let mut redis = connected(&cluster.environment());
    ping(redis.clone()).await.unwrap();
    for tag in 0..64 {
        let keys = [format!("{{{tag}}}:a"), format!("{{{tag}}}:b")];
        write(&mut redis, &keys[0], "x").await.unwrap();
        let mut both = redis::pipe();
        both.atomic().lpush(&keys[1], "x").ltrim(&keys[1], 0, 9);
        both.query_async::<()>(&mut redis).await.unwrap();
        assert_eq!(redis.get::<_, String>(&keys[0]).await.unwrap(), "x");
    }
    for node in &cluster.nodes {
        let keys: usize = node.ask(&["DBSIZE"]).await.unwrap();
        assert!(keys > 0, "a node got nothing");
    }
}

#[tokio::test]
async fn parts_say_what_a_url_says() {
    let servers = RedisSentinel::start().await;
    let address = servers.servers[0].address();
    let environment: Environment = [
        ("REDIS_ADDRESSES", address.as_str()),
        ("REDIS_PASSWORD", PASSWORD),
    ]
    .into_iter()
    .collect();
    write(&mut connected(&environment), "key", "value").await.unwrap();
    let wrong: Environment = [("REDIS_ADDRESSES", address.as_str()), ("REDIS_PASSWORD", "wrong")]
        .into_iter()
        .collect();
    assert!(write(&mut connected(&wrong), "key", "value").await.is_err());
    let nobody: Environment = [("REDIS_ADDRESSES", "not a host")].into_iter().collect();
    let refused = connect(&Address::of(&nobody).unwrap(), Duration::from_secs(1));
    assert!(matches!(refused.err(), Some(RedisError::BadAddresses { .. })));
}
