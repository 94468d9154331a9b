//! A real Kafka behind the platform: logins and topics.

use std::time::Duration;

use serde_json::json;
use todo_scenarios::{Result, env, platform};

use super::fixture::World;

#[tokio::test]
async fn a_kafka_that_refuses_the_password_is_told_of_and_gets_its_topics_once_it_does_not() -> Result<()> {
    let world = World::new("kafka").await?;
    let user = env::required("TODO_TEST_KAFKA_USER")?;
    let login = |password: &str| json!({"username": user, "password": password});
    world.secret("login", &login("canary-31fe")).await?;
    let key = |key: &str| json!({"name": "login", "key": key});
    let spec = json!({"profile": "development", "broker": {"kafka": {
        "brokers": [env::required("TODO_TEST_KAFKA_SASL")?],
        "sasl": {"mechanism": "SCRAM-SHA-512", "usernameSecretKeyRef": key("username"), "passwordSecretKeyRef": key("password")},
    }}});
    world.apply(&spec).await?;
    let refused = world.waits_for("broker", "PasswordRefused").await?;
    assert!(!refused.to_string().contains("canary-31fe"), "{refused:#}");
    assert_eq!(
        platform::dependency(&refused, "topics")["reason"],
        "NotAsked",
        "{refused:#}"
    );
    assert!(world.services().await?.is_empty());

    world
        .secret("login", &login(&env::required("TODO_TEST_KAFKA_PASSWORD")?))
        .await?;
    let ready = world.serve_until_ready().await?;
    let topics = platform::dependency(&ready, "topics");
    assert_eq!(
        (&topics["ready"], &topics["reason"], &topics["message"]),
        (
            &json!(true),
            &json!("Answered"),
            &json!("all 21 topics are there")
        )
    );

    // One partition each: the default of the profile. More is asked for, and not taken by force.
    let mut more = spec.clone();
    more["broker"]["topics"] = json!({"partitions": 4});
    world.apply(&more).await?;
    platform::until(
        &world.client,
        &world.ns,
        Duration::from_mins(1),
        "the difference told",
        |platform| {
            let topics = platform::dependency(platform, "topics");
            topics["reason"] == "TopicsDiffer"
                && topics["message"]
                    .as_str()
                    .is_some_and(|text| text.contains("1 of 4 partitions"))
        },
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn topics_that_nobody_makes_are_named_and_hold_the_start_back() -> Result<()> {
    let world = World::new("unmanaged").await?;
    let brokers = [env::required("TODO_TEST_KAFKA_CLEAR")?];
    let spec = json!({"profile": "development", "broker": {"kafka": {"brokers": brokers}, "topics": {"manage": false}}});
    world.apply(&spec).await?;
    let missing = world.waits_for("topics", "TopicsMissing").await?;
    let message = platform::dependency(&missing, "topics")["message"]
        .as_str()
        .unwrap_or_default();
    let first = format!("{}.todo.notification.delivered", world.ns);
    assert!(
        message.contains(&first) && message.contains("broker.topics.manage"),
        "{message}"
    );
    assert!(world.services().await?.is_empty());

    world
        .apply(&json!({"profile": "development", "broker": {"kafka": {"brokers": brokers}, "topics": {"manage": true}}}))
        .await?;
    world.serve_until_ready().await?;
    Ok(())
}
