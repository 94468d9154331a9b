//! What every pod is.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use todoplatform_render::{ChildKind, image::ImageRef};

use crate::all;
use crate::common::{everything_external, object, objects, platform, rendered, sample, services};

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
