//! Kafka as Strimzi has it: a `Kafka` that takes its time, and topics as objects.

use serde_json::json;
use todo_scenarios::{Result, cluster, env, platform};

use super::crds;
use crate::fixture::World;

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
    world.waits_for("broker", "NotFound").await?;
    kafka(&world, &elsewhere, false).await?;
    world.waits_for("broker", "ClusterNotReady").await?;
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
    let missing = world.waits_for("topics", "TopicsMissing").await?;
    let message = platform::dependency(&missing, "topics")["message"].to_string();
    assert!(message.contains("topic operator"), "{message}");
    Ok(())
}
