//! The way in: Ingress, HTTPRoute, CORS, limits by class of routes, and where the platform says that it answers.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use common::{object, objects, platform, rendered, validated};
use serde_json::{Value, json};
use todoplatform_render::ChildKind;

#[expect(
    clippy::needless_pass_by_value,
    reason = "a section is written where it is used"
)]
fn gateway(section: Value) -> todoplatform_api::TodoPlatform {
    platform(json!({"gateway": section}))
}

#[test]
fn the_endpoint_is_the_first_host_that_is_one() {
    let inside = "http://todo-gateway.team.svc.cluster.local:8080";
    for (section, expected) in [
        (json!({}), inside),
        (
            json!({"ingress": {"hosts": ["todo.example", "b.example"]}}),
            "http://todo.example",
        ),
        (
            json!({"ingress": {"hosts": ["*.example", "todo.example"], "tls": {"secretName": "tls"}}}),
            "https://todo.example",
        ),
        (json!({"ingress": {"hosts": ["*.example"]}}), inside),
        (
            json!({"httpRoute": {"parentRefs": [{"name": "public"}], "hostnames": ["todo.example"]}}),
            "https://todo.example",
        ),
        (
            json!({"httpRoute": {"parentRefs": [{"name": "public"}], "hostnames": ["todo.example"], "scheme": "http"}}),
            "http://todo.example",
        ),
        (json!({"httpRoute": {"parentRefs": [{"name": "public"}]}}), inside),
    ] {
        assert_eq!(
            validated(&gateway(section.clone())).endpoint().as_deref(),
            Some(expected),
            "{section}"
        );
    }
}

#[test]
fn an_ingress_leads_every_host_to_the_gateway_and_names_the_issuer() {
    let resources = rendered(&gateway(json!({"ingress": {
        "className": "nginx", "hosts": ["a.example", "b.example"], "path": "/v1",
        "tls": {"issuerRef": {"name": "letsencrypt", "kind": "ClusterIssuer"}},
        "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "4m"},
    }})));
    let ingress = object(&resources, ChildKind::Ingress, "todo-gateway");
    let backend = json!({"service": {"name": "todo-gateway", "port": {"name": "http"}}});
    let http = json!({"paths": [{"path": "/v1", "pathType": "Prefix", "backend": backend}]});
    assert_eq!(
        ingress["spec"],
        json!({
            "ingressClassName": "nginx",
            "rules": [{"host": "a.example", "http": http}, {"host": "b.example", "http": http}],
            "tls": [{"hosts": ["a.example", "b.example"], "secretName": "todo-gateway-tls"}],
        })
    );
    assert_eq!(
        ingress["metadata"]["annotations"],
        json!({
            "cert-manager.io/cluster-issuer": "letsencrypt",
            "nginx.ingress.kubernetes.io/proxy-body-size": "4m",
        })
    );
    assert!(objects(&resources, ChildKind::HttpRoute).is_empty());
}

#[test]
fn a_route_attaches_to_its_gateways() {
    let resources = rendered(&gateway(json!({"httpRoute": {
        "parentRefs": [{"name": "public", "namespace": "gateways", "sectionName": "https"}],
        "hostnames": ["todo.example"],
    }})));
    assert_eq!(
        object(&resources, ChildKind::HttpRoute, "todo-gateway")["spec"],
        json!({
            "parentRefs": [{"name": "public", "namespace": "gateways", "sectionName": "https"}],
            "hostnames": ["todo.example"],
            "rules": [{
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [{"name": "todo-gateway", "port": 8080}],
            }],
        })
    );
    assert!(objects(&resources, ChildKind::Ingress).is_empty());
}

fn configuration(section: Value, service: &str) -> Value {
    let resources = rendered(&platform(section));
    let map = object(&resources, ChildKind::ConfigMap, &format!("todo-{service}"));
    serde_yaml::from_str(map["data"]["config.yaml"].as_str().unwrap()).unwrap()
}

#[test]
fn what_web_pages_may_do_and_what_users_may_send_reaches_the_gateway() {
    let config = configuration(
        json!({"gateway": {
            "cors": {"origins": ["https://app.example"], "methods": ["GET"], "headers": ["authorization"], "maxAgeSeconds": 5, "allowCredentials": true},
            "rateLimit": {"requests": 60, "policies": [{"class": "write", "requests": 30}, {"class": "analytics", "requests": 5, "periodSeconds": 1, "burst": 2}]},
        }}),
        "gateway",
    );
    assert_eq!(
        config["cors"],
        json!({"origins": ["https://app.example"], "methods": ["GET"], "headers": ["authorization"], "maxAgeSeconds": 5, "allowCredentials": true})
    );
    assert_eq!(
        config["rateLimit"],
        json!({"requests": 60, "periodSeconds": 60, "burst": 60, "policies": [
            {"class": "write", "requests": 30, "periodSeconds": 60, "burst": 30},
            {"class": "analytics", "requests": 5, "periodSeconds": 1, "burst": 2},
        ]})
    );
}

#[test]
fn every_service_verifies_the_same_tokens() {
    for service in ["gateway", "task", "analytics"] {
        let config = configuration(
            json!({"auth": {
                "issuer": "https://i", "audience": "a", "audiences": ["b"], "jwksUrl": "https://i/jwks",
                "algorithms": ["Ed25519", "EdDSA", "PS256"], "clockSkewSeconds": 5,
            }}),
            service,
        );
        assert_eq!(
            config["auth"],
            json!({"issuer": "https://i", "audience": "a", "audiences": ["b"], "jwksUrl": "https://i/jwks", "algorithms": ["EdDSA", "PS256"], "clockSkewSeconds": 5})
        );
    }
}

#[test]
fn a_signing_key_of_the_user_is_mounted_and_none_is_generated() {
    let resources = rendered(&platform(
        json!({"auth": {"signingKeySecretRef": {"name": "own"}}}),
    ));
    assert!(
        resources
            .secrets
            .iter()
            .all(|recipe| recipe.name != "todo-signing-key")
    );
    let task = object(&resources, ChildKind::Deployment, "todo-task").to_string();
    assert!(
        task.contains(r#""secretName":"own""#) || task.contains(r#""name":"own""#),
        "{task}"
    );
}
