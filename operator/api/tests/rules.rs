//! Every rule holds for what it should and refuses what it should, without a cluster.
#![expect(clippy::needless_pass_by_value, reason = "a spec is written where it is used")]
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

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
#[expect(clippy::too_many_lines, reason = "one table")]
fn broken() -> Vec<(CelRule, Value, &'static str)> {
    let named = |name: &str| {
        let mut resource = resource(json!({}));
        resource["metadata"]["name"] = json!(name);
        resource
    };
    let kafka = |extra: &str, value: Value| {
        let mut broker = json!({"kafka": {"brokers": ["k:9092"]}});
        broker["kafka"][extra] = value;
        resource(json!({"broker": broker}))
    };
    let database = |section: Value| resource(json!({"database": section}));
    let cache = |external: Value| resource(json!({"cache": {"external": external}}));
    vec![
        (rules::NAME_LENGTH, named(&"x".repeat(41)), "metadata.name"),
        (rules::NAME_FORM, named("1todo"), "metadata.name"),
        (rules::NAME_FORM, named("to.do"), "metadata.name"),
        (rules::NAME_FORM, named("todo-"), "metadata.name"),
        (
            rules::PRODUCTION_DATABASE,
            resource(without("", "database")),
            "spec.database",
        ),
        (
            rules::PRODUCTION_DATABASE,
            resource(with("", "database", json!({"embedded": {}}))),
            "spec.database",
        ),
        (
            rules::PRODUCTION_CACHE,
            resource(without("", "cache")),
            "spec.cache",
        ),
        (
            rules::PRODUCTION_CACHE,
            resource(with("", "cache", json!({"embedded": {}}))),
            "spec.cache",
        ),
        (
            rules::PRODUCTION_BROKER,
            resource(without("", "broker")),
            "spec.broker",
        ),
        (
            rules::PRODUCTION_BROKER,
            resource(with("", "broker", json!({"topicPrefix": "a"}))),
            "spec.broker",
        ),
        (
            rules::PRODUCTION_BROKER,
            resource(with("", "broker", json!({"redis": {"embedded": {}}}))),
            "spec.broker",
        ),
        (rules::PRODUCTION_AUTH, resource(without("", "auth")), "spec.auth"),
        (
            rules::PRODUCTION_AUTH,
            resource(without("/auth", "jwksUrl")),
            "spec.auth",
        ),
        (
            rules::VERSION_OR_TAG,
            resource(json!({"version": "1.0.0", "images": {"tag": "1.0.0"}})),
            "spec.version",
        ),
        (
            rules::TOLERATION_VALUE,
            resource(json!({"podDefaults": {"tolerations": [{"key": "a", "tolerationSeconds": 1}]}})),
            "spec.podDefaults.tolerations[0]",
        ),
        (
            rules::TOLERATION_VALUE,
            resource(
                json!({"services": {"task": {"pod": {"tolerations": [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 1}]}}}}),
            ),
            "spec.services.task.pod.tolerations[0]",
        ),
        (
            rules::NODE_REQUIREMENT_VALUES,
            resource(json!({"podDefaults": {"affinity": {"requiredNodes": [{"key": "a"}]}}})),
            "spec.podDefaults.affinity.requiredNodes[0]",
        ),
        (
            rules::NODE_REQUIREMENT_VALUES,
            resource(
                json!({"podDefaults": {"affinity": {"preferredNodes": [{"key": "a", "operator": "Exists", "values": ["b"]}]}}}),
            ),
            "spec.podDefaults.affinity.preferredNodes[0]",
        ),
        (
            rules::TOPOLOGY_SPREAD_CONSTRAINTS,
            resource(
                json!({"podDefaults": {"topologySpread": {"enabled": false, "constraints": [{"topologyKey": "zone"}]}}}),
            ),
            "spec.podDefaults.topologySpread",
        ),
        (
            rules::PDB_ONE_OF,
            resource(
                json!({"services": {"task": {"podDisruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}}}}),
            ),
            "spec.services.task.podDisruptionBudget",
        ),
        (
            rules::EXTRA_SERVICE_NAME,
            resource(json!({"extraServices": [extra("name", json!("task"))]})),
            "spec.extraServices[0].name",
        ),
        (
            rules::EXTRA_SERVICE_PORT,
            resource(json!({"extraServices": [extra("port", json!(3500))]})),
            "spec.extraServices[0].port",
        ),
        (
            rules::EXTRA_SERVICE_METRICS_PORT,
            resource(json!({"extraServices": [extra("metricsPort", json!(9090))]})),
            "spec.extraServices[0].metricsPort",
        ),
        (
            rules::EXTRA_SERVICE_METRICS_PORT,
            resource(json!({"extraServices": [extra("metricsPort", json!(8080))]})),
            "spec.extraServices[0].metricsPort",
        ),
        (
            rules::EXTRA_SERVICE_ONE_ROUTE,
            resource(json!({"extraServices": [entered(&json!({"ingress": {}, "httpRoute": {}}))]})),
            "spec.extraServices[0]",
        ),
        (
            rules::EXTRA_SERVICE_INGRESS_PROTOCOL,
            resource(json!({"extraServices": [entered(&json!({"ingress": {}, "protocol": "h2c"}))]})),
            "spec.extraServices[0].ingress",
        ),
        (
            rules::EXTRA_SERVICE_INGRESS_PROTOCOL,
            resource(json!({"extraServices": [entered(&json!({"ingress": {}, "protocol": "grpc"}))]})),
            "spec.extraServices[0].ingress",
        ),
        (
            rules::EXTRA_SERVICE_HTTP_ROUTE_PROTOCOL,
            resource(json!({"extraServices": [entered(&json!({"httpRoute": {}, "protocol": "grpc"}))]})),
            "spec.extraServices[0].httpRoute",
        ),
        (
            rules::INGRESS_TLS_SOURCE,
            resource(
                json!({"extraServices": [extra("ingress", json!({"hosts": ["a.example"], "tls": {}}))]}),
            ),
            "spec.extraServices[0].ingress.tls",
        ),
        (
            rules::GATEWAY_ONE_ROUTE,
            resource(
                json!({"gateway": {"ingress": {"hosts": ["a.example"]}, "httpRoute": {"parentRefs": [{"name": "public"}]}}}),
            ),
            "spec.gateway",
        ),
        (
            rules::INGRESS_TLS_SOURCE,
            resource(json!({"gateway": {"ingress": {"hosts": ["a.example"], "tls": {}}}})),
            "spec.gateway.ingress.tls",
        ),
        (
            rules::NODE_PORT_TYPE,
            resource(json!({"gateway": {"service": {"nodePort": 30080}}})),
            "spec.gateway.service",
        ),
        (
            rules::NODE_PORT_TYPE,
            resource(json!({"gateway": {"service": {"type": "ClusterIP", "nodePort": 30080}}})),
            "spec.gateway.service",
        ),
        (
            rules::AUTH_ONE_KEY_SOURCE,
            resource(
                json!({"auth": {"issuer": "i", "audience": "a", "jwksUrl": "http://k", "jwksSecretKeyRef": key()}}),
            ),
            "spec.auth",
        ),
        (
            rules::AUTH_KEYS_NEED_ISSUER,
            resource(json!({"auth": {"audience": "a", "jwksUrl": "http://k"}})),
            "spec.auth",
        ),
        (
            rules::AUTH_KEYS_NEED_ISSUER,
            resource(json!({"auth": {"issuer": "i", "jwksSecretKeyRef": key()}})),
            "spec.auth",
        ),
        (
            rules::REPLICAS_OR_AUTOSCALING,
            resource(json!({"services": {"task": {"replicas": 2, "autoscaling": {}}}})),
            "spec.services.task",
        ),
        (
            rules::REPLICAS_OR_AUTOSCALING,
            resource(json!({"services": {"task": {"replicas": 2, "autoscaling": {"enabled": true}}}})),
            "spec.services.task",
        ),
        (
            rules::AUTOSCALING_BOUNDS,
            resource(json!({"services": {"task": {"autoscaling": {"minReplicas": 3, "maxReplicas": 2}}}})),
            "spec.services.task.autoscaling",
        ),
        (
            rules::AUTH_SIGNING_KEY,
            resource(
                json!({"auth": {"issuer": "i", "audience": "a", "jwksUrl": "http://k", "signingKeySecretRef": {"name": "own"}}}),
            ),
            "spec.auth",
        ),
        (
            rules::ENV_ONE_SOURCE,
            resource(json!({"services": {"task": {"env": [{"name": "A"}]}}})),
            "spec.services.task.env[0]",
        ),
        (
            rules::ENV_ONE_SOURCE,
            resource(
                json!({"services": {"gateway": {"env": [{"name": "A", "value": "a", "secretKeyRef": key()}]}}}),
            ),
            "spec.services.gateway.env[0]",
        ),
        (
            rules::DATABASE_ONE_OF,
            resource(json!({"database": {}})),
            "spec.database",
        ),
        (
            rules::DATABASE_ONE_OF,
            resource(json!({"database": {"embedded": {}, "external": {"urlSecretKeyRef": key()}}})),
            "spec.database",
        ),
        (
            rules::DATABASE_URL_FOR_ALL,
            resource(json!({"database": {"external": {"taskUrlSecretKeyRef": key()}}})),
            "spec.database.external",
        ),
        (
            rules::DATABASE_ONE_OF,
            database(
                json!({"external": {"urlSecretKeyRef": key()}, "cloudNativePG": {"clusterRef": {"name": "pg"}}}),
            ),
            "spec.database",
        ),
        (
            rules::DATABASE_REPLICA_OF,
            database(json!({"embedded": {}, "readReplica": {"urlSecretKeyRef": key()}})),
            "spec.database.readReplica",
        ),
        (
            rules::DATABASE_REPLICA_OF,
            database(json!({"external": {"urlSecretKeyRef": key()}, "readReplica": {"host": "ro"}})),
            "spec.database.readReplica",
        ),
        (
            rules::DATABASE_REPLICA_PLACE,
            database(json!({"cloudNativePG": {"clusterRef": {"name": "pg"}}, "readReplica": {"port": 5433}})),
            "spec.database.readReplica",
        ),
        (
            rules::DATABASE_REPLICA_PLACE,
            database(
                json!({"external": {"urlSecretKeyRef": key()}, "readReplica": {"host": "ro", "urlSecretKeyRef": key()}}),
            ),
            "spec.database.readReplica",
        ),
        (
            rules::DATABASE_URL_OR_HOST,
            database(
                json!({"external": {"host": "db", "usernameSecretKeyRef": key(), "passwordSecretKeyRef": key(), "taskUrlSecretKeyRef": key()}}),
            ),
            "spec.database.external",
        ),
        (
            rules::DATABASE_PARTS_NEED_HOST,
            database(json!({"external": {"urlSecretKeyRef": key(), "sslMode": "require"}})),
            "spec.database.external",
        ),
        (
            rules::DATABASE_HOST_LOGIN,
            database(json!({"external": {"host": "db"}})),
            "spec.database.external",
        ),
        (
            rules::DATABASE_HOST_LOGIN,
            database(json!({"external": {"host": "db", "usernameSecretKeyRef": key()}})),
            "spec.database.external",
        ),
        (
            rules::DATABASE_HOST_LOGIN,
            database(
                json!({"external": {"host": "db", "usernameSecretKeyRef": key(), "passwordSecretKeyRef": key(), "admin": {"urlSecretKeyRef": key()}}}),
            ),
            "spec.database.external",
        ),
        (
            rules::DATABASE_ADMIN_LOGIN,
            database(json!({"external": {"host": "db", "admin": {}}})),
            "spec.database.external.admin",
        ),
        (
            rules::DATABASE_ADMIN_LOGIN,
            database(
                json!({"external": {"host": "db", "admin": {"urlSecretKeyRef": key(), "passwordSecretKeyRef": key()}}}),
            ),
            "spec.database.external.admin",
        ),
        (
            rules::CNPG_SHARED_DATABASE,
            database(
                json!({"cloudNativePG": {"clusterRef": {"name": "pg"}, "roles": "PerService", "database": "todo"}}),
            ),
            "spec.database.cloudNativePG",
        ),
        (rules::CACHE_PLACE, cache(json!({})), "spec.cache.external"),
        (
            rules::CACHE_PLACE,
            cache(json!({"host": "redis", "cluster": {"addresses": ["a:6379"]}})),
            "spec.cache.external",
        ),
        (
            rules::CACHE_URL_ALONE,
            cache(json!({"urlSecretKeyRef": key(), "passwordSecretKeyRef": key()})),
            "spec.cache.external",
        ),
        (
            rules::CACHE_PORT_NEEDS_HOST,
            cache(json!({"cluster": {"addresses": ["a:6379"]}, "port": 6379})),
            "spec.cache.external",
        ),
        (
            rules::CACHE_CLUSTER_DATABASE,
            cache(json!({"cluster": {"addresses": ["a:6379"]}, "database": 1})),
            "spec.cache.external",
        ),
        (
            rules::CACHE_USERNAME,
            cache(json!({"host": "redis", "usernameSecretKeyRef": key()})),
            "spec.cache.external",
        ),
        (
            rules::CACHE_USERNAME,
            cache(
                json!({"sentinel": {"masterName": "todo", "addresses": ["s:1"], "usernameSecretKeyRef": key()}}),
            ),
            "spec.cache.external.sentinel",
        ),
        (
            rules::CACHE_CA_NEEDS_TLS,
            cache(json!({"host": "redis", "caSecretKeyRef": key(), "enableTls": false})),
            "spec.cache.external",
        ),
        (rules::CACHE_ONE_OF, resource(json!({"cache": {}})), "spec.cache"),
        (
            rules::CACHE_ONE_OF,
            resource(json!({"cache": {"embedded": {}, "external": {"urlSecretKeyRef": key()}}})),
            "spec.cache",
        ),
        (
            rules::BROKER_ONE_OF,
            resource(json!({"broker": {}})),
            "spec.broker",
        ),
        (
            rules::BROKER_ONE_OF,
            resource(json!({"broker": {"redis": {"embedded": {}}, "kafka": {"brokers": ["k:9092"]}}})),
            "spec.broker",
        ),
        (
            rules::BROKER_ONE_OF,
            resource(
                json!({"broker": {"redpanda": {"brokers": ["r:9092"]}, "redpandaCluster": {"clusterRef": {"name": "r"}}}}),
            ),
            "spec.broker",
        ),
        (
            rules::TOPICS_NEED_KAFKA,
            resource(json!({"broker": {"topics": {"partitions": 3}}})),
            "spec.broker.topics",
        ),
        (
            rules::TOPICS_NEED_KAFKA,
            resource(json!({"broker": {"redis": {"embedded": {}}, "topics": {"manage": true}}})),
            "spec.broker.topics",
        ),
        (
            rules::KAFKA_TLS_NEEDS_CERTIFICATE,
            resource(json!({"broker": {"redpandaCluster": {"clusterRef": {"name": "r"}, "tls": {}}}})),
            "spec.broker.redpandaCluster.tls",
        ),
        (
            rules::BROKER_REDIS_ONE_OF,
            resource(json!({"broker": {"redis": {}}})),
            "spec.broker.redis",
        ),
        (
            rules::KAFKA_TLS_NEEDS_CERTIFICATE,
            kafka("tls", json!({})),
            "spec.broker.kafka.tls",
        ),
        (
            rules::KAFKA_CLIENT_CERTIFICATE,
            kafka("tls", json!({"clientCertSecretKeyRef": key()})),
            "spec.broker.kafka.tls",
        ),
        (
            rules::SMTP_CREDENTIALS,
            resource(json!({"notifications": {"smtp": {"host": "mail", "usernameSecretKeyRef": key()}}})),
            "spec.notifications.smtp",
        ),
        (
            rules::RESILIENCY_TARGET_NOT_EMPTY,
            resource(json!({"dapr": {"resiliency": {"targets": [{"name": "task"}]}}})),
            "spec.dapr.resiliency.targets[0]",
        ),
        (
            rules::STATE_STORE_ONE_OF,
            resource(json!({"dapr": {"stateStore": {}}})),
            "spec.dapr.stateStore",
        ),
        (
            rules::STATE_STORE_ONE_OF,
            resource(json!({"dapr": {"stateStore": {"postgresql": {}, "redis": {}}}})),
            "spec.dapr.stateStore",
        ),
        (
            rules::STATE_STORE_REDIS_HOST,
            resource(json!({"dapr": {"stateStore": {"redis": {"enableTls": true}}}})),
            "spec.dapr.stateStore.redis",
        ),
        (
            rules::TRACING_ONE_OF,
            resource(json!({"dapr": {"tracing": {"samplingRate": "0.5"}}})),
            "spec.dapr.tracing",
        ),
        (
            rules::RECEIVER_ONE_OF,
            routed(json!({"name": "nobody"}), json!([])),
            "spec.observability.routing.receivers[0]",
        ),
        (
            rules::RECEIVER_ONE_OF,
            routed(
                json!({"name": "both", "webhook": {"urlSecretKeyRef": key()}, "pagerDuty": {"routingKeySecretKeyRef": key()}}),
                json!([]),
            ),
            "spec.observability.routing.receivers[0]",
        ),
        (
            rules::EMAIL_CREDENTIALS,
            routed(
                json!({"name": "mail", "email": {"to": "a@b", "from": "a@b", "smarthost": "mail:25", "username": "me"}}),
                json!([]),
            ),
            "spec.observability.routing.receivers[0].email",
        ),
        (
            rules::MAINTENANCE_NARROWS,
            routed(hook(), json!([{"name": "always"}])),
            "spec.observability.routing.maintenance[0]",
        ),
        (
            rules::MAINTENANCE_TIMES,
            routed(
                hook(),
                json!([{"name": "night", "times": [{"start": "22:00", "end": "02:00"}]}]),
            ),
            "spec.observability.routing.maintenance[0].times[0]",
        ),
        (
            rules::MAINTENANCE_DAYS,
            routed(
                hook(),
                json!([{"name": "days", "daysOfMonth": [{"first": 7, "last": 1}]}]),
            ),
            "spec.observability.routing.maintenance[0].daysOfMonth[0]",
        ),
        (
            rules::DASHBOARDS_GRAFANA_OPERATOR,
            resource(json!({"observability": {"dashboards": {"grafanaOperator": {"folder": "Todo"}}}})),
            "spec.observability.dashboards.grafanaOperator",
        ),
        (
            rules::NETWORK_RULE_NARROWS,
            resource(json!({"networkPolicy": {"extraEgress": [{"name": "all"}]}})),
            "spec.networkPolicy.extraEgress[0]",
        ),
        (
            rules::NETWORK_RULE_PEER,
            resource(
                json!({"networkPolicy": {"extraIngress": [{"name": "both", "cidrs": ["10.0.0.0/8"], "podLabels": {"app": "x"}}]}}),
            ),
            "spec.networkPolicy.extraIngress[0]",
        ),
        (
            rules::DRIFT_IGNORE_NEEDS_A_LOOK,
            resource(json!({"driftPolicy": {"mode": "Ignore", "ignore": [ignored()]}})),
            "spec.driftPolicy",
        ),
        (
            rules::KEPT_WORKLOADS_NEED_KEYS_AND_DATA,
            resource(json!({"deletionPolicy": {"workloads": "Retain", "keys": "Retain"}})),
            "spec.deletionPolicy",
        ),
        (
            rules::KEPT_WORKLOADS_NEED_KEYS_AND_DATA,
            resource(json!({"deletionPolicy": {"workloads": "Orphan", "keys": "Delete", "data": "Retain"}})),
            "spec.deletionPolicy",
        ),
    ]
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
