//! What Dapr is told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use todoplatform_render::{ChildKind, catalog::Service};

use crate::all;
use crate::common::{object, objects, platform, rendered, sample};

#[test]
fn dapr_objects_are_scoped_and_their_names_agree() {
    for platform in all() {
        let resources = rendered(&platform);
        let app_ids: BTreeSet<_> = Service::ALL
            .map(|service| {
                format!(
                    "{}-{}",
                    platform.metadata.name.as_deref().unwrap(),
                    service.as_str()
                )
            })
            .into();
        let components: BTreeMap<_, _> = objects(&resources, ChildKind::Component)
            .into_iter()
            .map(|object| {
                (
                    object["metadata"]["name"].clone().to_string(),
                    object["scopes"].clone(),
                )
            })
            .collect();
        for kind in [
            ChildKind::Component,
            ChildKind::Subscription,
            ChildKind::Resiliency,
        ] {
            for object in objects(&resources, kind) {
                let [scope] = object["scopes"].as_array().unwrap().as_slice() else {
                    unreachable!("{object}")
                };
                assert!(app_ids.contains(scope.as_str().unwrap()));
                assert!(object["spec"]["scopes"].is_null());
            }
        }
        let subscriptions = objects(&resources, ChildKind::Subscription);
        let topics: BTreeSet<_> = subscriptions
            .iter()
            .map(|object| {
                (
                    object["spec"]["pubsubname"].to_string(),
                    object["spec"]["topic"].to_string(),
                )
            })
            .collect();
        assert_eq!(
            topics.len(),
            subscriptions.len(),
            "an app subscribes to a topic twice"
        );
        for subscription in &subscriptions {
            let component = subscription["spec"]["pubsubname"].to_string();
            assert_eq!(components[&component], subscription["scopes"]);
            let dead_letters = &subscription["spec"]["deadLetterTopic"];
            let is_read = topics.contains(&(component, dead_letters.to_string()));
            assert!(dead_letters.is_null() || is_read, "nobody reads {dead_letters}");
            assert_eq!(
                dead_letters.is_null(),
                subscription["spec"]["routes"]["default"] == "/events/dead-letter"
            );
        }
        for resiliency in objects(&resources, ChildKind::Resiliency) {
            let policies = &resiliency["spec"]["policies"];
            let targets = &resiliency["spec"]["targets"];
            let components = targets["components"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(_, target)| &target["inbound"]);
            let apps = targets["apps"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(_, target)| target);
            for target in components.chain(apps) {
                for (kind, plural) in [("retry", "retries"), ("timeout", "timeouts")] {
                    if let Some(name) = target[kind].as_str() {
                        assert!(!policies[plural][name].is_null(), "no policy {name}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_call_is_never_repeated_by_the_sidecar() {
    let resources = rendered(&sample("development.yaml"));
    let gateway = object(&resources, ChildKind::Resiliency, "todo-gateway");
    let apps = gateway["spec"]["targets"]["apps"].as_object().unwrap();
    assert_eq!(apps.len(), 4);
    assert!(apps.values().all(|target| target["retry"].is_null()));
}

#[test]
fn topics_carry_a_prefix_on_a_broker_that_is_not_the_platforms() {
    for (spec, topic) in [
        (json!({}), "task.created"),
        (json!({"broker": {"topicPrefix": "mine-"}}), "mine-task.created"),
        (
            json!({"broker": {"kafka": {"brokers": ["k:9092"]}}}),
            "team.todo.task.created",
        ),
        (
            json!({"broker": {"redis": {"external": {"host": "r:6379"}}}}),
            "team.todo.task.created",
        ),
        (
            json!({"broker": {"kafka": {"brokers": ["k:9092"]}, "topicPrefix": ""}}),
            "task.created",
        ),
    ] {
        let resources = rendered(&platform(spec.clone()));
        let subscription = object(&resources, ChildKind::Subscription, "todo-analytics-task-created");
        assert_eq!(subscription["spec"]["topic"], topic, "{spec}");
        assert_eq!(
            subscription["spec"]["deadLetterTopic"],
            format!("{topic}.todo-analytics.dlq"),
            "{spec}"
        );
    }
}

fn component_metadata(spec: Value) -> BTreeMap<String, String> {
    let resources = rendered(&platform(spec));
    object(&resources, ChildKind::Component, "todo-task-events")["spec"]["metadata"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let value = item["value"]
                .as_str()
                .map_or_else(|| item["secretKeyRef"]["key"].to_string(), Into::into);
            (item["name"].as_str().unwrap().to_owned(), value)
        })
        .collect()
}

#[test]
fn kafka_is_spoken_to_as_the_spec_says() {
    let key = |key: &str| json!({"name": "kafka", "key": key});
    let sasl = |mechanism: &str| json!({"mechanism": mechanism, "usernameSecretKeyRef": key("u"), "passwordSecretKeyRef": key("p")});
    let kafka = |extra: Value| {
        let mut kafka = json!({"brokers": ["a:1", "b:2"]});
        kafka
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        component_metadata(json!({"broker": {"kafka": kafka}}))
    };
    let plain = kafka(json!({}));
    assert_eq!(plain["brokers"], "a:1,b:2");
    assert_eq!(plain["authType"], "none");
    assert_eq!(plain["disableTls"], "true");
    assert_eq!(plain["initialOffset"], "oldest");
    assert_eq!(plain["consumerGroup"], "team.todo-task");
    for (mechanism, written) in [
        ("PLAIN", "PLAIN"),
        ("SCRAM-SHA-256", "SHA-256"),
        ("SCRAM-SHA-512", "SHA-512"),
    ] {
        let metadata = kafka(json!({"sasl": sasl(mechanism), "tls": {"caSecretKeyRef": key("ca")}}));
        assert_eq!(metadata["saslMechanism"], written);
        assert_eq!(metadata["authType"], "password");
        assert_eq!(metadata["caCert"], "\"ca\"");
        assert!(!metadata.contains_key("disableTls"));
    }
    assert_eq!(kafka(json!({"sasl": sasl("PLAIN")}))["disableTls"], "true");
    assert_eq!(
        kafka(json!({"tls": {"caSecretKeyRef": key("ca")}}))["authType"],
        "certificate"
    );
    let mutual = json!({"tls": {"caSecretKeyRef": key("ca"), "clientCertSecretKeyRef": key("c"), "clientKeySecretKeyRef": key("k")}});
    assert_eq!(kafka(mutual)["authType"], "mtls");
}

#[test]
fn redis_waits_longer_than_any_offer_of_an_event() {
    assert_eq!(component_metadata(json!({}))["processingTimeout"], "5m");
    let slow = json!({"dapr": {"resiliency": {"maxRetries": 20, "handlerTimeoutSeconds": 60}}});
    let minutes: i64 = component_metadata(slow)["processingTimeout"]
        .trim_end_matches('m')
        .parse()
        .unwrap();
    assert!(minutes > 21, "{minutes}");
}
