//! Kafka and Redpanda: what sidecars get, which topics there have to be, and what a reference to a cluster says.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use std::collections::BTreeMap;

use common::{defaults, object, objects, platform, rendered};
use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{
    BROKER_UNKNOWN, ChildKind, Facts, Gate, KafkaFact, Topic, TopicMaker, build, references, validate,
};

#[expect(
    clippy::needless_pass_by_value,
    reason = "a section is written where it is used"
)]
fn broker(section: Value) -> TodoPlatform {
    platform(json!({"broker": section}))
}

fn strimzi(namespace: &str) -> Value {
    json!({
        "strimzi": {"clusterRef": {"name": "events", "namespace": namespace}, "listener": "tls", "user": {"name": "todo-user"}},
        "topics": {"partitions": 3, "replicationFactor": 2},
    })
}

/// The metadata of one app's pub/sub component.
fn metadata(component: &Value) -> BTreeMap<String, Value> {
    let items = component["spec"]["metadata"].as_array().unwrap();
    items
        .iter()
        .map(|item| {
            let value = if item["value"].is_null() {
                &item["secretKeyRef"]
            } else {
                &item["value"]
            };
            (item["name"].as_str().unwrap().to_owned(), value.clone())
        })
        .collect()
}

fn topics(platform: &TodoPlatform) -> (Vec<Topic>, TopicMaker) {
    let references = references(platform);
    let access = references.kafka().unwrap();
    (access.topics.clone(), access.maker)
}

#[test]
fn every_topic_of_the_graph_and_every_dead_letter_topic_is_wanted_once() {
    let (topics, maker) = topics(&broker(json!({
        "kafka": {"brokers": ["k:9092"]},
        "topics": {"partitions": 4, "replicationFactor": 3, "retention": "2h", "overrides": [{"topic": "task.created", "partitions": 12}]},
    })));
    assert_eq!(maker, TopicMaker::Operator);
    let by_name: BTreeMap<&str, &Topic> = topics.iter().map(|topic| (topic.name.as_str(), topic)).collect();
    assert_eq!(by_name.len(), topics.len());
    // 7 topics; scheduler, notification and analytics consume 4, 3 and 7 of them.
    assert_eq!(topics.len(), 7 + 14);
    let created = by_name["team.todo.task.created"];
    assert_eq!(
        (
            created.partitions,
            created.replication_factor,
            created.retention_milliseconds
        ),
        (12, Some(3), 7_200_000)
    );
    assert_eq!(by_name["team.todo.task.updated"].partitions, 4);
    let dead = by_name["team.todo.task.created.todo-scheduler.dlq"];
    assert_eq!(
        (
            dead.partitions,
            dead.replication_factor,
            dead.retention_milliseconds
        ),
        (1, Some(3), 30 * 24 * 3_600_000)
    );
}

#[test]
fn every_topic_that_a_subscription_names_is_wanted() {
    let platform = broker(json!({"kafka": {"brokers": ["k:9092"]}, "topicPrefix": "p."}));
    let (wanted, _) = topics(&platform);
    let resources = rendered(&platform);
    for subscription in objects(&resources, ChildKind::Subscription) {
        for field in ["topic", "deadLetterTopic"] {
            if let Some(topic) = subscription["spec"][field].as_str() {
                assert!(
                    wanted.iter().any(|wanted| wanted.name == topic),
                    "{topic} is not wanted"
                );
            }
        }
    }
}

#[test]
fn who_makes_the_topics_follows_from_the_broker() {
    for (section, expected) in [
        (json!({"kafka": {"brokers": ["k:9092"]}}), TopicMaker::Operator),
        (
            json!({"kafka": {"brokers": ["k:9092"]}, "topics": {"manage": false}}),
            TopicMaker::User,
        ),
        (
            json!({"redpandaCluster": {"clusterRef": {"name": "r"}}}),
            TopicMaker::Operator,
        ),
        (strimzi("team"), TopicMaker::Strimzi),
        (strimzi("kafka"), TopicMaker::Operator),
    ] {
        assert_eq!(topics(&broker(section.clone())).1, expected, "{section}");
    }
}

#[test]
fn the_partitions_follow_the_profile() {
    let mut spec = common::everything_external();
    assert_eq!(
        topics(&platform(spec.clone()))
            .0
            .iter()
            .map(|topic| topic.partitions)
            .max(),
        Some(6)
    );
    spec["profile"] = json!("development");
    assert_eq!(
        topics(&platform(spec))
            .0
            .iter()
            .map(|topic| topic.partitions)
            .max(),
        Some(1)
    );
}

#[test]
fn a_redpanda_is_spoken_to_as_one() {
    let resources = rendered(&broker(json!({"redpandaCluster": {
        "clusterRef": {"name": "events", "namespace": "redpanda"},
        "sasl": {"mechanism": "SCRAM-SHA-256", "usernameSecretKeyRef": {"name": "s", "key": "u"}, "passwordSecretKeyRef": {"name": "s", "key": "p"}},
    }})));
    let metadata = metadata(object(&resources, ChildKind::Component, "todo-task-events"));
    assert_eq!(metadata["brokers"], "events.redpanda.svc:9093");
    assert_eq!(metadata["version"], "2.0.0");
    assert_eq!(metadata["saslMechanism"], "SHA-256");
    assert_eq!(metadata["disableTls"], "true");
}

#[test]
fn a_strimzi_listener_gives_addresses_certificates_and_topics() {
    let platform = common::platform(json!({"broker": strimzi("team"), "deletionPolicy": {"data": "Retain"}}));
    let facts = Facts {
        kafka: Some(KafkaFact {
            brokers: vec!["events-kafka-bootstrap.team.svc:9093".into()],
            certificates: Some("PEM".into()),
        }),
        ..Facts::assumed(&platform)
    };
    let resources = build(&validate(&platform, &facts, &defaults()).unwrap(), &facts);
    let metadata = metadata(object(&resources, ChildKind::Component, "todo-task-events"));
    assert_eq!(metadata["brokers"], "events-kafka-bootstrap.team.svc:9093");
    assert_eq!(metadata["caCert"], "PEM");
    assert_eq!(metadata["saslUsername"], "todo-user");
    assert_eq!(metadata["saslMechanism"], "SHA-512");
    assert_eq!(
        metadata["saslPassword"],
        json!({"name": "todo-user", "key": "password"})
    );
    assert!(!metadata.contains_key("disableTls"));

    let topics = objects(&resources, ChildKind::KafkaTopic);
    assert_eq!(topics.len(), 21);
    let dead = object(
        &resources,
        ChildKind::KafkaTopic,
        "todo-task-created-scheduler-dlq",
    );
    assert_eq!(
        dead["spec"],
        json!({"topicName": "team.todo.task.created.todo-scheduler.dlq", "partitions": 1, "replicas": 2, "config": {"retention.ms": 2_592_000_000_i64}})
    );
    assert_eq!(dead["metadata"]["labels"]["strimzi.io/cluster"], "events");
    assert!(
        dead["metadata"]["ownerReferences"].is_null(),
        "events outlive the platform where data does"
    );
}

#[test]
fn a_cluster_that_has_not_said_where_it_is_holds_the_start_and_later_stops_the_pass() {
    let platform = broker(strimzi("team"));
    let unknown = Facts {
        kafka: None,
        dependencies: BTreeMap::new(),
        ..Facts::assumed(&platform)
    };
    let validated = validate(&platform, &unknown, &defaults()).unwrap();
    let resources = build(&validated, &unknown);
    assert!(matches!(resources.gate, Gate::Closed { .. }));
    assert!(
        objects(&resources, ChildKind::Component)
            .iter()
            .all(|component| component["spec"]["type"] != "pubsub.kafka")
    );

    let started = Facts {
        started: true,
        ..unknown
    };
    let invalid = validate(&platform, &started, &defaults()).unwrap_err();
    assert_eq!(invalid.violations[0].reason, BROKER_UNKNOWN);
    assert_eq!(invalid.violations[0].field_path, "spec.broker.strimzi.clusterRef");
}

#[test]
fn an_override_of_a_topic_that_nobody_knows_is_refused_by_its_field() {
    let platform = broker(json!({
        "kafka": {"brokers": ["k:9092"]},
        "topics": {"overrides": [{"topic": "task.created"}, {"topic": "task.creatd"}]},
    }));
    let invalid = validate(&platform, &Facts::assumed(&platform), &defaults()).unwrap_err();
    assert_eq!(invalid.violations.len(), 1);
    assert_eq!(
        invalid.violations[0].field_path,
        "spec.broker.topics.overrides[1].topic"
    );
    assert!(invalid.violations[0].message.contains("task.creatd"));
}
