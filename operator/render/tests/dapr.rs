//! `spec.dapr` and `spec.networkPolicy`: what they change, whom that restarts, what is refused.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use std::collections::BTreeSet;

use common::{defaults, everything_external, hashes, object, objects, platform, rendered};
use serde_json::{Value, json};
use todoplatform_render::{ChildKind, Facts, INVALID_SPEC, validate};

fn refused(spec: Value) -> Vec<String> {
    let platform = platform(spec);
    let invalid = validate(&platform, &Facts::assumed(&platform), &defaults()).unwrap_err();
    invalid
        .violations
        .into_iter()
        .map(|violation| {
            assert_eq!(violation.reason, INVALID_SPEC);
            assert!(!violation.next_action.is_empty());
            violation.field_path
        })
        .collect()
}

fn external(section: &str, value: Value) -> Value {
    let mut spec = everything_external();
    spec[section] = value;
    spec
}

#[test]
fn what_no_rule_can_say_is_refused_with_its_field() {
    for (spec, field_path) in [
        (json!({"dapr": {"secretStore": "vault"}}), "spec.dapr.secretStore"),
        (
            external("dapr", json!({"stateStore": {"redis": {}}})),
            "spec.dapr.stateStore.redis.host",
        ),
        (
            json!({"dapr": {"resiliency": {"targets": [{"name": "gateway", "timeoutSeconds": 1}]}}}),
            "spec.dapr.resiliency.targets[0].name",
        ),
        (
            json!({"networkPolicy": {"externalCidrs": ["10.0.0.0/8", "10.0.0.0/33"]}}),
            "spec.networkPolicy.externalCidrs[1]",
        ),
        (
            json!({"networkPolicy": {"extraEgress": [{"name": "a", "cidrs": ["1.2.3/8"]}]}}),
            "spec.networkPolicy.extraEgress[0].cidrs[0]",
        ),
        (
            json!({"networkPolicy": {"extraIngress": [{"name": "a", "ports": [1], "components": ["task", "mail"]}]}}),
            "spec.networkPolicy.extraIngress[0].components[1]",
        ),
    ] {
        assert_eq!(refused(spec.clone()), [field_path], "{spec}");
    }
}

/// The services that a change of the spec restarts.
fn restarted(before: Value, after: Value) -> BTreeSet<String> {
    let (before, after) = (
        hashes(&rendered(&platform(before))),
        hashes(&rendered(&platform(after))),
    );
    before
        .into_iter()
        .filter(|(name, hash)| after[name] != *hash)
        .map(|(name, _)| name.trim_start_matches("todo-").to_owned())
        .collect()
}

#[test]
fn a_change_restarts_whom_it_concerns() {
    let all = ["analytics", "gateway", "notification", "scheduler", "task"];
    let targets = |targets: Value| json!({"dapr": {"resiliency": {"targets": targets}}});
    let cases: [(Value, &[&str]); 9] = [
        (json!({"dapr": {"resiliency": {"preset": "default"}}}), &[]),
        (json!({"dapr": {"accessControl": {"enabled": true}}}), &[]),
        (json!({"networkPolicy": {"enabled": true}}), &[]),
        (json!({"dapr": {"accessControl": {"enabled": false}}}), &all),
        (
            json!({"dapr": {"tracing": {"otlp": {"endpoint": "c:4317"}}}}),
            &all,
        ),
        (json!({"dapr": {"stateStore": {"redis": {}}}}), &["notification"]),
        (
            targets(json!([{"name": "task", "timeoutSeconds": 3}])),
            &["gateway"],
        ),
        (
            targets(json!([{"name": "scheduler-events", "circuitBreaker": {}}])),
            &["scheduler"],
        ),
        (
            targets(json!([{"name": "task-events", "timeoutSeconds": 3}])),
            &["task"],
        ),
    ];
    for (spec, expected) in cases {
        let found = restarted(json!({}), spec.clone());
        let expected: BTreeSet<_> = expected.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(found, expected, "{spec}");
    }
}

#[test]
fn every_policy_that_a_target_names_is_written_down() {
    let spec = json!({"dapr": {"resiliency": {"preset": "impatient", "targets": [
        {"name": "task", "timeoutSeconds": 3, "retry": {}, "circuitBreaker": {}},
        {"name": "task-events", "retry": {"maxRetries": 2}},
        {"name": "notification-state", "timeoutSeconds": 2, "circuitBreaker": {"openSeconds": 9}},
        {"name": "analytics-events", "timeoutSeconds": 90, "retry": {"maxRetries": 20, "maxIntervalSeconds": 60}},
    ]}}});
    let resources = rendered(&platform(spec));
    let mut named = 0;
    for resiliency in objects(&resources, ChildKind::Resiliency) {
        let policies = &resiliency["spec"]["policies"];
        let targets = &resiliency["spec"]["targets"];
        let apps = targets["apps"].as_object().into_iter().flatten();
        let components = targets["components"].as_object().into_iter().flatten();
        let directions = components.flat_map(|(_, target)| target.as_object().unwrap());
        for (_, target) in apps.chain(directions) {
            for (field, kind) in [
                ("retry", "retries"),
                ("timeout", "timeouts"),
                ("circuitBreaker", "circuitBreakers"),
            ] {
                if let Some(name) = target[field].as_str() {
                    assert!(!policies[kind][name].is_null(), "{name}: {resiliency:#}");
                    named += 1;
                }
            }
        }
    }
    assert_eq!(named, 15);
    let gateway = object(&resources, ChildKind::Resiliency, "todo-gateway");
    assert_eq!(
        gateway["spec"]["targets"]["apps"]["todo-task"],
        json!({"retry": "call-task", "timeout": "call-task", "circuitBreaker": "call-task"})
    );
    assert_eq!(gateway["spec"]["policies"]["timeouts"]["call"], "10s");
    // Longer than the longest offer: Redis would deliver a second time.
    let events = object(&resources, ChildKind::Component, "todo-analytics-events");
    let timeout = events["spec"]["metadata"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["name"] == "processingTimeout")
        .unwrap();
    let minutes: u64 = timeout["value"]
        .as_str()
        .unwrap()
        .trim_end_matches('m')
        .parse()
        .unwrap();
    assert!(minutes * 60 > 21 * 90, "{minutes}");
}

#[test]
fn a_secret_store_is_named_by_every_component() {
    let resources = rendered(&platform(external("dapr", json!({"secretStore": "vault"}))));
    let components = objects(&resources, ChildKind::Component);
    assert_eq!(components.len(), 5);
    for component in components {
        assert_eq!(component["auth"], json!({"secretStore": "vault"}));
    }
}

#[test]
fn spans_and_logs_go_where_the_spec_says() {
    for (profile_spec, rate) in [(json!({}), "1"), (everything_external(), "0.05")] {
        let mut spec = profile_spec;
        spec["dapr"] = json!({"tracing": {"zipkin": {"endpoint": "http://zipkin:9411/api/v2/spans"}}, "apiLogging": {"enabled": true}});
        let resources = rendered(&platform(spec));
        let configuration = &object(&resources, ChildKind::Configuration, "todo-task")["spec"];
        assert_eq!(
            configuration["tracing"],
            json!({"samplingRate": rate, "zipkin": {"endpointAddress": "http://zipkin:9411/api/v2/spans"}})
        );
        assert_eq!(configuration["logging"]["apiLogging"]["enabled"], true);
        assert_eq!(
            configuration["logging"]["apiLogging"]["obfuscateURLs"],
            rate == "0.05"
        );
    }
}

#[test]
fn policies_are_for_production_unless_the_spec_says_otherwise() {
    let count = |spec: Value| objects(&rendered(&platform(spec)), ChildKind::NetworkPolicy).len();
    assert_eq!(count(json!({})), 0);
    assert_eq!(count(json!({"networkPolicy": {"enabled": true}})), 9);
    assert_eq!(count(everything_external()), 6);
    assert_eq!(count(external("networkPolicy", json!({"enabled": false}))), 0);
}

#[test]
fn only_the_operator_reaches_the_port_that_needs_no_token() {
    let resources = rendered(&platform(external(
        "networkPolicy",
        json!({"monitoringNamespaces": ["monitoring"], "ingressNamespaces": ["ingress"], "externalCidrs": ["10.9.0.0/16"]}),
    )));
    for policy in objects(&resources, ChildKind::NetworkPolicy) {
        let rules = policy["spec"]["ingress"].as_array().unwrap();
        let open: Vec<_> = rules
            .iter()
            .filter(|rule| {
                rule["ports"]
                    .as_array()
                    .is_none_or(|ports| ports.iter().any(|port| port["port"] == 3501))
            })
            .collect();
        let operator = json!([{
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "todoplatform-system"}},
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "todoplatform-operator"}},
        }]);
        // An exporter has no sidecar.
        let has_sidecar = policy["metadata"]["name"] != "todo-kafka-exporter";
        assert_eq!(open.len(), usize::from(has_sidecar));
        assert!(open.iter().all(|rule| rule["from"] == operator));
        let outside = policy["spec"]["egress"].as_array().unwrap().iter();
        for rule in outside {
            assert!(
                !rule["to"].is_null(),
                "with blocks of addresses nothing goes anywhere: {rule}"
            );
        }
    }
}
