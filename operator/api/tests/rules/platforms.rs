//! The platform, its services, its way in.

use serde_json::{Value, json};
use todoplatform_api::rules::{self, CelRule};

use crate::{entered, extra, key, resource, with, without};

/// Each rule with a resource that breaks it alone, and the field that is named.
#[expect(clippy::too_many_lines, reason = "one table")]
pub(crate) fn broken() -> Vec<(CelRule, Value, &'static str)> {
    let named = |name: &str| {
        let mut resource = resource(json!({}));
        resource["metadata"]["name"] = json!(name);
        resource
    };
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
    ]
}
