//! A real Kafka behind the platform: logins, topics, and a `Kafka` of Strimzi that takes its time.

use std::time::Duration;

use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, env, platform};

use super::{crds, fixture::World};

async fn broker_is(world: &World, reason: &str) -> Result<Value> {
    platform::condition_is(&world.client, &world.ns, "DependenciesReady", "False", reason).await
}

fn dependency<'a>(platform: &'a Value, name: &str) -> &'a Value {
    let found = platform["status"]["dependencies"].as_array();
    found
        .and_then(|all| all.iter().find(|dependency| dependency["name"] == name))
        .unwrap_or(&Value::Null)
}

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
    let refused = broker_is(&world, "PasswordRefused").await?;
    assert!(!refused.to_string().contains("canary-31fe"), "{refused:#}");
    assert_eq!(
        dependency(&refused, "topics")["reason"],
        "NotAsked",
        "{refused:#}"
    );
    assert!(world.names("Deployment").await?.is_empty());

    world
        .secret("login", &login(&env::required("TODO_TEST_KAFKA_PASSWORD")?))
        .await?;
    let ready = world.serve_until_ready().await?;
    let topics = dependency(&ready, "topics");
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
            let topics = dependency(platform, "topics");
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
    let missing = broker_is(&world, "TopicsMissing").await?;
    let message = dependency(&missing, "topics")["message"]
        .as_str()
        .unwrap_or_default();
    let first = format!("{}.todo.notification.delivered", world.ns);
    assert!(
        message.contains(&first) && message.contains("broker.topics.manage"),
        "{message}"
    );
    assert!(world.names("Deployment").await?.is_empty());

    world
        .apply(&json!({"profile": "development", "broker": {"kafka": {"brokers": brokers}, "topics": {"manage": true}}}))
        .await?;
    world.serve_until_ready().await?;
    Ok(())
}

/// A `Kafka` with one listener that is the real one, ready or not.
async fn kafka(world: &World, namespace: &str, ready: bool) -> Result<()> {
    let object = json!({"apiVersion": "kafka.strimzi.io/v1", "kind": "Kafka", "metadata": {"name": "events"}, "spec": {}});
    cluster::apply(&world.client, namespace, &object).await?;
    let listeners = if ready {
        json!([{"name": "plain", "bootstrapServers": env::required("TODO_TEST_KAFKA_CLEAR")?}])
    } else {
        json!([])
    };
    let condition =
        json!({"type": "Ready", "status": if ready { "True" } else { "False" }, "reason": "Creating"});
    let status = json!({"conditions": [condition], "listeners": listeners});
    cluster::merge_status(&world.client, namespace, "Kafka", "events", &status).await
}

#[tokio::test]
async fn a_kafka_of_strimzi_is_waited_for_and_may_vanish_later() -> Result<()> {
    let world = World::new("strimzi").await?;
    for kind in ["Kafka", "KafkaTopic"] {
        crds::install(&world.client, &world.ns, kind).await?;
    }
    // In a namespace of its own: the operator makes the topics itself.
    let elsewhere = cluster::namespace(&world.client, "strimzi-kafka").await?;
    world
        .apply(&json!({"profile": "development", "broker": {"strimzi": {
            "clusterRef": {"name": "events", "namespace": elsewhere}, "listener": "plain",
        }}}))
        .await?;
    broker_is(&world, "NotFound").await?;
    kafka(&world, &elsewhere, false).await?;
    broker_is(&world, "ClusterNotReady").await?;
    assert!(
        !world
            .names("Component")
            .await?
            .contains(&"todo-task-events".to_owned())
    );
    kafka(&world, &elsewhere, true).await?;
    world.serve_until_ready().await?;
    let component = world.get("Component", "todo-task-events").await?;
    assert!(
        component
            .to_string()
            .contains(&env::required("TODO_TEST_KAFKA_CLEAR")?),
        "{component:#}"
    );

    cluster::delete(&world.client, &elsewhere, "Kafka", "events").await?;
    platform::condition_is(&world.client, &world.ns, "Stalled", "True", "BrokerUnknown").await?;
    let still = world.get("Component", "todo-task-events").await?;
    assert_eq!(still["metadata"]["uid"], component["metadata"]["uid"]);
    assert_eq!(still["spec"], component["spec"], "what runs is left as it is");

    kafka(&world, &elsewhere, true).await?;
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn beside_a_kafka_of_strimzi_topics_are_objects_and_outlive_the_platform_as_data_does() -> Result<()> {
    let world = World::new("kafkatopics").await?;
    for kind in ["Kafka", "KafkaTopic"] {
        crds::install(&world.client, &world.ns, kind).await?;
    }
    kafka(&world, &world.ns, true).await?;
    world
        .apply(&json!({
            "profile": "development",
            "broker": {"strimzi": {"clusterRef": {"name": "events"}, "listener": "plain"}},
            "deletionPolicy": {"data": "Retain"},
        }))
        .await?;
    let topic = world
        .exists("KafkaTopic", "todo-task-created-scheduler-dlq")
        .await?;
    assert_eq!(
        topic["spec"]["topicName"],
        json!(format!("{}.todo.task.created.todo-scheduler.dlq", world.ns))
    );
    assert!(topic["metadata"]["ownerReferences"].is_null(), "{topic:#}");
    assert_eq!(world.names("KafkaTopic").await?.len(), 21);
    // No topic operator runs here, and the operator does not do its work.
    let missing = broker_is(&world, "TopicsMissing").await?;
    let message = dependency(&missing, "topics")["message"].to_string();
    assert!(message.contains("topic operator"), "{message}");
    Ok(())
}
