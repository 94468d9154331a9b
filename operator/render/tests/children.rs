//! What must hold of every child, whatever the spec.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{
    defaults, everything_external, named, object, objects, platform, rendered, sample, services, validated,
};
use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{ChildKind, Facts, MANAGER, build, catalog::Service, image::ImageRef, validate};

fn all() -> Vec<TodoPlatform> {
    vec![
        sample("development.yaml"),
        sample("external-services.yaml"),
        platform(everything_external()),
        platform(
            json!({"broker": {"redis": {"external": {"host": "redis:6379"}}}, "cache": {"embedded": {}}}),
        ),
        named(&"x".repeat(40), json!({})),
    ]
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for platform in all() {
        let bytes = |_| {
            let objects: Vec<_> = rendered(&platform)
                .children
                .into_iter()
                .map(|child| child.object)
                .collect();
            serde_json::to_string(&objects).unwrap()
        };
        assert_eq!(bytes(1), bytes(2));
    }
}

#[test]
fn no_two_children_have_one_name_and_kind() {
    for platform in all() {
        let resources = rendered(&platform);
        let names: BTreeSet<_> = resources
            .children
            .iter()
            .map(|child| (child.kind, &child.name))
            .collect();
        assert_eq!(names.len(), resources.children.len());
        let secrets: BTreeSet<_> = resources.secrets.iter().map(|recipe| &recipe.name).collect();
        assert_eq!(secrets.len(), resources.secrets.len());
    }
}

#[test]
fn children_come_in_the_order_of_apply() {
    for platform in all() {
        let kinds: Vec<_> = rendered(&platform)
            .children
            .iter()
            .map(|child| child.kind)
            .collect();
        assert!(kinds.is_sorted());
    }
}

#[test]
fn every_child_is_complete_labelled_and_owned() {
    for platform in all() {
        for child in rendered(&platform).children {
            let resource = child.kind.api_resource();
            let metadata = &child.object["metadata"];
            assert_eq!(
                child.object["apiVersion"],
                json!(resource.api_version),
                "{}",
                child.name
            );
            assert_eq!(child.object["kind"], json!(resource.kind), "{}", child.name);
            assert_eq!(metadata["name"], json!(child.name));
            assert_eq!(metadata["namespace"], "team");
            let labels = &metadata["labels"];
            assert_eq!(
                labels["app.kubernetes.io/instance"],
                json!(platform.metadata.name),
                "{}",
                child.name
            );
            assert_eq!(labels["app.kubernetes.io/managed-by"], MANAGER, "{}", child.name);
            let component = labels["app.kubernetes.io/component"].as_str();
            // An exporter is no component of the platform, but its pods are told apart by the label all the same.
            let is_exporter = component.is_some_and(|component| component.ends_with("-exporter"));
            if !is_exporter || child.kind == ChildKind::NetworkPolicy {
                assert_eq!(component, child.component.as_deref());
            }
            let [owner] = metadata["ownerReferences"].as_array().unwrap().as_slice() else {
                unreachable!("{} has not one owner", child.name)
            };
            assert_eq!(owner["uid"], json!(platform.metadata.uid));
            assert_eq!(owner["controller"], true);
            for value in labels.as_object().unwrap().values() {
                assert!(value.as_str().unwrap().len() <= 63);
            }
        }
    }
}

#[test]
fn without_a_uid_nothing_is_owned() {
    let mut platform = sample("development.yaml");
    platform.metadata.uid = None;
    let resources = rendered(&platform);
    assert!(
        resources
            .children
            .iter()
            .all(|child| child.object["metadata"]["ownerReferences"].is_null())
    );
    assert!(
        resources
            .secrets
            .iter()
            .all(|recipe| recipe.owner_references.is_empty())
    );
}

#[test]
fn every_name_fits_for_the_longest_platform() {
    let resources = rendered(&named(&"x".repeat(40), json!({})));
    for child in &resources.children {
        let longest = match child.kind {
            // Names of custom resources that are never a label nor a host.
            ChildKind::Component | ChildKind::Subscription => 253,
            // A pod's label is the StatefulSet's name and ten characters of a revision.
            ChildKind::StatefulSet => 52,
            _ => 63,
        };
        assert!(
            child.name.len() <= longest,
            "{} {}",
            child.kind.as_str(),
            child.name
        );
    }
    for recipe in &resources.secrets {
        assert!(recipe.name.len() <= 63, "{}", recipe.name);
    }
    for deployment in services(&resources) {
        let app_id = deployment["spec"]["template"]["metadata"]["annotations"]["dapr.io/app-id"]
            .as_str()
            .unwrap();
        assert!(app_id.len() <= 58, "{app_id}");
    }
}

#[test]
fn every_selector_matches_its_pods() {
    for platform in all() {
        let resources = rendered(&platform);
        for kind in [ChildKind::Deployment, ChildKind::StatefulSet] {
            for workload in objects(&resources, kind) {
                let labels = &workload["spec"]["template"]["metadata"]["labels"];
                for (key, value) in workload["spec"]["selector"]["matchLabels"].as_object().unwrap() {
                    assert_eq!(&labels[key], value);
                }
                let name = workload["metadata"]["name"].as_str().unwrap();
                if name.ends_with("-exporter") {
                    // Prometheus goes to the pods themselves.
                    continue;
                }
                let service = object(&resources, ChildKind::Service, name);
                assert_eq!(
                    service["spec"]["selector"],
                    workload["spec"]["selector"]["matchLabels"]
                );
                let ports: BTreeSet<_> = workload["spec"]["template"]["spec"]["containers"][0]["ports"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|port| port["name"].clone().to_string())
                    .collect();
                for port in service["spec"]["ports"].as_array().unwrap() {
                    assert!(ports.contains(&port["targetPort"].to_string()), "{name}: {port}");
                }
            }
        }
    }
}

#[test]
fn every_pod_meets_the_restricted_profile() {
    for platform in all() {
        let resources = rendered(&platform);
        for kind in [ChildKind::Deployment, ChildKind::StatefulSet] {
            for workload in objects(&resources, kind) {
                let pod = &workload["spec"]["template"]["spec"];
                assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
                assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
                assert_eq!(pod["automountServiceAccountToken"], false);
                for container in pod["containers"].as_array().unwrap() {
                    let security = &container["securityContext"];
                    assert_eq!(security["allowPrivilegeEscalation"], false);
                    assert_eq!(security["readOnlyRootFilesystem"], true);
                    assert_eq!(security["capabilities"]["drop"], json!(["ALL"]));
                    ImageRef::parse(container["image"].as_str().unwrap()).unwrap();
                    assert!(!container["resources"]["requests"]["memory"].is_null());
                    assert!(!container["resources"]["limits"]["memory"].is_null());
                }
            }
        }
    }
}

#[test]
fn a_pod_has_time_to_stop() {
    for platform in all() {
        for deployment in services(&rendered(&platform)) {
            let template = &deployment["spec"]["template"];
            let seconds = |key: &str| -> i64 {
                let text = template["metadata"]["annotations"][key].as_str().unwrap();
                text.trim_end_matches('s').parse().unwrap()
            };
            let block = seconds("dapr.io/block-shutdown-duration");
            let graceful = seconds("dapr.io/graceful-shutdown-seconds");
            assert!(
                template["spec"]["terminationGracePeriodSeconds"]
                    .as_i64()
                    .unwrap()
                    > block + graceful
            );
            assert!(block > 5, "the sidecar must outlast the service's drain");
        }
    }
}

#[test]
fn annotations_are_strings_and_the_gateway_has_no_app_port() {
    let resources = rendered(&sample("development.yaml"));
    for deployment in services(&resources) {
        let annotations = deployment["spec"]["template"]["metadata"]["annotations"]
            .as_object()
            .unwrap();
        assert!(annotations.values().all(Value::is_string));
        let is_gateway = deployment["metadata"]["name"] == "todo-gateway";
        assert_eq!(annotations.contains_key("dapr.io/app-port"), !is_gateway);
        assert_eq!(annotations.contains_key("dapr.io/app-token-secret"), !is_gateway);
    }
}

#[test]
fn the_users_variables_replace_ours_and_no_name_stands_twice() {
    let resources = rendered(&platform(everything_external()));
    for deployment in services(&resources) {
        let env = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
            .as_array()
            .unwrap();
        let names: BTreeSet<_> = env.iter().map(|variable| variable["name"].to_string()).collect();
        assert_eq!(names.len(), env.len());
    }
    let task = object(&resources, ChildKind::Deployment, "todo-task");
    let env = task["spec"]["template"]["spec"]["containers"][0]["env"]
        .as_array()
        .unwrap();
    let url = env
        .iter()
        .find(|variable| variable["name"] == "DATABASE_URL")
        .unwrap();
    assert_eq!(url["valueFrom"]["secretKeyRef"]["key"], "own");
    assert!(env.contains(&json!({"name": "TODO_LOG__LEVEL", "value": "debug"})));
}

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

#[test]
fn what_is_not_wanted_is_not_there() {
    let resources = rendered(&platform(
        json!({"observability": {"monitoring": {"enabled": false}}}),
    ));
    assert!(resources.children.iter().all(|child| !child.kind.is_monitoring()));
    let external = rendered(&platform(everything_external()));
    assert!(objects(&external, ChildKind::StatefulSet).is_empty());
    assert!(
        external
            .secrets
            .iter()
            .all(|recipe| recipe.name.ends_with("-token"))
    );
}

#[test]
fn the_services_of_a_platform_with_one_foreign_store_still_find_the_other() {
    // Cache outside, broker inside: Redis still runs, and only the broker uses it.
    let spec = json!({"cache": {"external": {"urlSecretKeyRef": {"name": "cache", "key": "url"}}}});
    let resources = rendered(&platform(spec));
    object(&resources, ChildKind::StatefulSet, "todo-redis");
    let gateway = object(&resources, ChildKind::Deployment, "todo-gateway").to_string();
    assert!(gateway.contains("\"name\":\"cache\"") && !gateway.contains("todo-redis"));
    assert!(
        object(&resources, ChildKind::Component, "todo-task-events")
            .to_string()
            .contains("todo-redis")
    );
}

#[test]
fn a_kind_that_is_not_served_is_not_built() {
    let platform = sample("development.yaml");
    let mut facts = Facts::assumed(&platform);
    facts.optional_kinds.retain(|kind| !kind.is_monitoring());
    let validated = validate(&platform, &facts, &defaults()).unwrap();
    let resources = build(&validated, &facts);
    assert!(resources.children.iter().all(|child| !child.kind.is_monitoring()));
    assert!(
        resources
            .children
            .iter()
            .any(|child| child.kind == ChildKind::Deployment)
    );
}

#[test]
fn the_endpoint_is_the_gateways_service() {
    assert_eq!(
        validated(&sample("development.yaml")).endpoint(),
        Some("http://todo-gateway.team.svc.cluster.local:8080".into())
    );
}
