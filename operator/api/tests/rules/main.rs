//! Every rule holds for what it should and refuses what it should, without a cluster.
#![expect(clippy::needless_pass_by_value, reason = "a spec is written where it is used")]
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod operation;
mod platforms;
mod stores;

use serde_json::{Value, json};
use todoplatform_api::{
    TodoPlatform, check,
    rules::{self, CelRule},
};

fn resource(spec: Value) -> Value {
    json!({"apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform", "metadata": {"name": "todo"}, "spec": spec})
}

fn messages(resource: &Value) -> Vec<(String, String)> {
    assert_eq!(
        check::untyped(resource),
        [],
        "only the rules are to refuse {resource}"
    );
    let platform: TodoPlatform = serde_json::from_value(resource.clone()).unwrap();
    check::typed(&platform)
        .into_iter()
        .map(|broken| (broken.field_path, broken.message))
        .collect()
}

fn key() -> Value {
    json!({"name": "secret", "key": "key"})
}

fn ignored() -> Value {
    json!({"kind": "Deployment", "name": "*", "jsonPointer": "/spec/replicas"})
}

fn production() -> Value {
    json!({
        "profile": "production",
        "database": {"external": {"urlSecretKeyRef": key()}},
        "cache": {"external": {"urlSecretKeyRef": key()}},
        "broker": {"kafka": {"brokers": ["kafka:9092"]}},
        "auth": {"issuer": "https://issuer", "audience": "todo", "jwksUrl": "https://issuer/jwks"},
    })
}

/// An extra service with one more field.
fn extra(field: &str, value: Value) -> Value {
    let mut extra = json!({"name": "shop", "image": "shop:1", "port": 8080});
    extra[field] = value;
    extra
}

/// An extra service with more fields.
fn entered(more: &Value) -> Value {
    let mut extra = json!({"name": "shop", "image": "shop:1", "port": 8080});
    extra
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    extra
}

fn hook() -> Value {
    json!({"name": "hook", "webhook": {"urlSecretKeyRef": key()}})
}

/// A platform whose alerts one receiver is told of.
fn routed(receiver: Value, maintenance: Value) -> Value {
    let mut routing = json!({"receivers": [receiver]});
    if maintenance != json!([]) {
        routing["maintenance"] = maintenance;
    }
    resource(json!({"observability": {"routing": routing}}))
}

fn without(pointer: &str, field: &str) -> Value {
    let mut spec = production();
    spec.pointer_mut(pointer)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .remove(field);
    spec
}

fn with(pointer: &str, field: &str, value: Value) -> Value {
    let mut spec = production();
    spec.pointer_mut(pointer).unwrap()[field] = value;
    spec
}

#[test]
fn valid_resources_break_no_rule() {
    for name in ["a", "todo", &"x".repeat(40), "team-a-todo-1"] {
        let mut named = resource(json!({}));
        named["metadata"]["name"] = json!(name);
        assert_eq!(messages(&named), [], "{name}");
    }
    for spec in [
        json!({}),
        json!({"profile": "development"}),
        production(),
        with(
            "",
            "broker",
            json!({"redis": {"external": {"host": "redis:6379", "passwordSecretKeyRef": key()}}}),
        ),
        with("/auth", "jwksUrl", json!("http://issuer/jwks")),
        json!({"database": {"embedded": {}}, "cache": {"embedded": {"storageSize": "2Gi"}}}),
        json!({"broker": {"redis": {"embedded": {}}, "topicPrefix": "a."}}),
        json!({"broker": {"topicPrefix": "a."}}),
        json!({"observability": {"routing": {
            "receivers": [hook(), {"name": "mail", "email": {"to": "a@b", "from": "a@b", "smarthost": "mail:25", "username": "me", "passwordSecretKeyRef": key()}}],
            "maintenance": [{"name": "night", "times": [{"start": "22:00", "end": "24:00"}, {"start": "00:00", "end": "02:00"}], "daysOfMonth": [{"first": 1, "last": 1}]}],
        }}}),
        json!({"observability": {"dashboards": {"delivery": "GrafanaOperator", "grafanaOperator": {"folder": "Todo"}}}}),
        json!({"services": {"task": {"replicas": 2, "autoscaling": {"enabled": false}}}}),
        json!({"services": {"task": {"autoscaling": {"minReplicas": 2, "maxReplicas": 2}}}}),
        json!({"services": {"task": {"autoscaling": {"minReplicas": 20}}}}),
        json!({"broker": {"kafka": {"brokers": ["k:9092"], "tls": {"enabled": false}}}}),
        json!({"broker": {"kafka": {"brokers": ["k:9092"], "tls": {"caSecretKeyRef": key()}}}}),
        json!({"broker": {"kafka": {"brokers": ["k:9092"], "tls": {}, "sasl": {"mechanism": "SCRAM-SHA-512", "usernameSecretKeyRef": key(), "passwordSecretKeyRef": key()}}}}),
        json!({"database": {"external": {"taskUrlSecretKeyRef": key(), "notificationUrlSecretKeyRef": key(), "analyticsUrlSecretKeyRef": key()}}}),
        json!({"database": {"external": {"host": "db", "usernameSecretKeyRef": key(), "passwordSecretKeyRef": key(), "sslMode": "verify-ca", "options": [{"name": "statement_timeout", "value": "5s"}]}, "readReplica": {"host": "ro"}}}),
        json!({"database": {"external": {"host": "db", "port": 6432, "admin": {"urlSecretKeyRef": key()}}, "readReplica": {"urlSecretKeyRef": key()}}}),
        json!({"database": {"external": {"host": "db", "admin": {"usernameSecretKeyRef": key(), "passwordSecretKeyRef": key()}}}}),
        json!({"database": {"cloudNativePG": {"clusterRef": {"name": "pg"}}, "readReplica": {}}}),
        json!({"database": {"cloudNativePG": {"clusterRef": {"name": "pg"}, "roles": "PerService"}}}),
        json!({"database": {"cloudNativePG": {"clusterRef": {"name": "pg"}, "roles": "Shared", "database": "todo"}}}),
        with(
            "",
            "database",
            json!({"cloudNativePG": {"clusterRef": {"name": "pg"}}}),
        ),
        json!({"cache": {"external": {"host": "redis", "port": 6380, "database": 1, "usernameSecretKeyRef": key(), "passwordSecretKeyRef": key(), "caSecretKeyRef": key()}}}),
        json!({"cache": {"external": {"sentinel": {"masterName": "todo", "addresses": ["s:26379"], "passwordSecretKeyRef": key()}, "enableTls": true}}}),
        json!({"cache": {"external": {"cluster": {"addresses": ["a:6379", "b:6379"]}, "passwordSecretKeyRef": key()}}}),
        json!({"auth": {"issuer": "i", "audience": "a", "jwksSecretKeyRef": key()}}),
        json!({"auth": {"clockSkewSeconds": 5}}),
        json!({"gateway": {"service": {"type": "NodePort", "nodePort": 30080}}}),
        json!({"broker": {"redpanda": {"brokers": ["r:9092"]}, "topics": {"manage": false, "retention": "7d"}}}),
        json!({"broker": {"strimzi": {"clusterRef": {"name": "events"}, "listener": "tls", "user": {"name": "todo", "authentication": "tls"}}}}),
        json!({"broker": {"redpandaCluster": {"clusterRef": {"name": "events", "namespace": "redpanda"}}}}),
        json!({"broker": {"kafka": {"brokers": ["k:9092"]}, "topics": {"overrides": [{"topic": "task.created", "partitions": 12}]}}}),
        json!({"gateway": {"ingress": {"hosts": ["todo.example"], "tls": {"issuerRef": {"name": "letsencrypt", "kind": "ClusterIssuer"}}}}}),
        json!({"gateway": {"ingress": {"hosts": ["todo.example"], "tls": {"secretName": "todo-tls"}, "annotations": {"a/b": "c"}}}}),
        json!({"gateway": {"httpRoute": {"parentRefs": [{"name": "public", "sectionName": "https"}], "hostnames": ["todo.example"]}}}),
        json!({"gateway": {"rateLimit": {"policies": [{"class": "read", "requests": 120}]}}}),
        json!({"auth": {"signingKeySecretRef": {"name": "own"}, "algorithms": ["Ed25519", "PS256"]}}),
        json!({"services": {"task": {"env": [{"name": "A", "value": ""}, {"name": "B", "secretKeyRef": key()}]}}}),
        json!({"notifications": {"smtp": {"host": "mail", "usernameSecretKeyRef": key(), "passwordSecretKeyRef": key()}}}),
        json!({"version": "1.0.0", "images": {"registry": "registry.acme"}}),
        json!({"images": {"tag": "1.0.0"}}),
        json!({"podDefaults": {
            "tolerations": [{"key": "a"}, {"key": "b", "effect": "NoExecute", "tolerationSeconds": 60}],
            "affinity": {
                "requiredNodes": [{"key": "a", "values": ["b"]}, {"key": "c", "operator": "Exists"}],
                "preferredNodes": [{"key": "a", "operator": "NotIn", "values": ["b"]}],
            },
            "topologySpread": {"enabled": true, "constraints": [{"topologyKey": "zone"}]},
        }}),
        json!({"podDefaults": {"topologySpread": {"enabled": false}}}),
        json!({"services": {"task": {"podDisruptionBudget": {"maxUnavailable": 2}}, "gateway": {"podDisruptionBudget": {"minAvailable": 1}}}}),
        json!({"extraServices": [extra("metricsPort", json!(8081)), {"name": "other", "image": "a:1", "port": 80}]}),
        json!({"extraServices": [extra("ingress", json!({"hosts": ["shop.example"], "path": "/", "tls": {"issuerRef": {"name": "ca"}}}))]}),
        json!({"extraServices": [extra("ingress", json!({})), {"name": "other", "image": "a:1", "port": 80, "protocol": "h2c", "httpRoute": {"path": "/a/b"}}]}),
        json!({"extraServices": [extra("protocol", json!("http")), {"name": "other", "image": "a:1", "port": 80, "protocol": "grpc"}]}),
        json!({"dapr": {"stateStore": {"postgresql": {}}, "tracing": {"otlp": {"endpoint": "collector:4317"}}}}),
        json!({"dapr": {"stateStore": {"redis": {}}, "tracing": {"zipkin": {"endpoint": "http://zipkin:9411/api/v2/spans"}}}}),
        json!({"dapr": {"stateStore": {"redis": {"host": "redis:6379", "passwordSecretKeyRef": key(), "enableTls": true}}}}),
        json!({"dapr": {"resiliency": {"preset": "patient", "targets": [{"name": "task", "timeoutSeconds": 5}, {"name": "scheduler-events", "circuitBreaker": {}}]}}}),
        json!({"networkPolicy": {"extraIngress": [{"name": "a", "ports": [8080]}, {"name": "b", "podLabels": {"app": "b"}}], "extraEgress": [{"name": "c", "cidrs": ["10.0.0.0/8"]}]}}),
        json!({"driftPolicy": {"mode": "Ignore"}}),
        json!({"driftPolicy": {"mode": "Report", "ignore": [ignored()]}, "adoptionPolicy": "TakeOver", "paused": true}),
        json!({"driftPolicy": {"ignore": [ignored()]}}),
        json!({"deletionPolicy": {"workloads": "Orphan", "keys": "Orphan", "data": "Retain"}}),
        json!({"deletionPolicy": {"workloads": "Delete", "data": "Orphan"}}),
    ] {
        assert_eq!(messages(&resource(spec.clone())), [], "{spec}");
    }
}

/// Each rule with a resource that breaks it alone, and the field that is named.
fn broken() -> Vec<(CelRule, Value, &'static str)> {
    let tables = [platforms::broken(), stores::broken(), operation::broken()];
    tables.into_iter().flatten().collect()
}

#[test]
fn a_broken_rule_is_told_with_its_field_and_its_message() {
    for (rule, resource, field_path) in broken() {
        assert_eq!(
            messages(&resource),
            [(field_path.to_owned(), rule.message.to_owned())],
            "{resource}"
        );
    }
}

#[test]
fn every_rule_has_a_resource_that_breaks_it() {
    let tried = broken();
    for rule in rules::ALL {
        assert!(
            tried.iter().any(|(broken, ..)| broken == rule),
            "{}",
            rule.message
        );
        assert!(!rule.next_action.is_empty(), "{}", rule.message);
    }
}

#[test]
fn the_derived_check_agrees_with_ours() {
    // It compiles the whole schema each time: a few rows of different sections are enough.
    for (rule, resource, _) in broken().into_iter().step_by(12) {
        let platform: TodoPlatform = serde_json::from_value(resource).unwrap();
        let errors = platform.validate_cel().unwrap_err().into_vec();
        assert_eq!(
            errors.iter().map(|error| error.rule.as_str()).collect::<Vec<_>>(),
            [rule.rule]
        );
    }
}

#[test]
fn the_schema_refuses_what_no_rule_has_to() {
    for (spec, field_path, word) in [
        (json!({"profil": "development"}), "spec", "unknown field profil"),
        (json!({"profile": "staging"}), "spec.profile", "staging"),
        (
            json!({"services": {"task": {"replicas": "two"}}}),
            "spec.services.task.replicas",
            "two",
        ),
        (
            json!({"services": {"task": {"replicas": -1}}}),
            "spec.services.task.replicas",
            "-1",
        ),
        (
            json!({"services": {"mail": {}}}),
            "spec.services",
            "unknown field mail",
        ),
        (
            json!({"services": {"task": {"image": "-x"}}}),
            "spec.services.task.image",
            "-x",
        ),
        (
            json!({"services": {"task": {"resources": {"limits": {"memory": "lots"}}}}}),
            "spec.services.task.resources.limits.memory",
            "lots",
        ),
        (
            json!({"services": {"task": {"env": [{"value": "a"}]}}}),
            "spec.services.task.env[0].name",
            "required",
        ),
        (
            json!({"broker": {"kafka": {"brokers": []}}}),
            "spec.broker.kafka.brokers",
            "",
        ),
        (
            json!({"broker": {"kafka": {"brokers": ["no-port"]}}}),
            "spec.broker.kafka.brokers[0]",
            "no-port",
        ),
        (
            json!({"cache": {"external": {"urlSecretKeyRef": {"name": "Upper", "key": "k"}}}}),
            "spec.cache.external.urlSecretKeyRef.name",
            "Upper",
        ),
        (
            json!({"gateway": {"cors": {"origins": ["example.com"]}}}),
            "spec.gateway.cors.origins[0]",
            "example.com",
        ),
        (
            json!({"extraServices": [extra("ingress", json!({"path": "/a//b"}))]}),
            "spec.extraServices[0].ingress.path",
            "/a//b",
        ),
        (
            json!({"extraServices": [extra("httpRoute", json!({"path": "/a/"}))]}),
            "spec.extraServices[0].httpRoute.path",
            "/a/",
        ),
    ] {
        let broken = check::untyped(&resource(spec.clone()));
        let [only] = broken.as_slice() else {
            unreachable!("{spec}: {broken:?}")
        };
        assert_eq!(only.field_path, field_path, "{spec}");
        assert!(only.message.contains(word), "{spec}: {}", only.message);
    }
}

#[test]
fn what_is_stored_is_what_was_written() {
    for spec in [
        json!({}),
        production(),
        json!({"services": {"task": {"replicas": 0}}}),
    ] {
        let platform: TodoPlatform = serde_json::from_value(resource(spec)).unwrap();
        let once = serde_json::to_value(&platform).unwrap();
        assert_eq!(once, resource(serde_json::to_value(&platform.spec).unwrap()));
        assert!(!once.to_string().contains("null"), "{once}");
    }
}
