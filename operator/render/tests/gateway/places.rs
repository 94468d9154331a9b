//! Where the platform answers.

use serde_json::{Value, json};
use todoplatform_render::{ChildKind, Facts, INVALID_SPEC, validate};

use crate::common::{defaults, object, objects, platform, rendered, validated};
use crate::{gateway, with_apps};

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

#[test]
fn an_address_that_is_missing_or_taken_is_refused_by_its_field() {
    let todo = || json!({"ingress": {"hosts": ["todo.example"]}});
    let route = || json!({"httpRoute": {"parentRefs": [{"name": "public"}]}});
    let own = |host: &str, path: &str| json!({"ingress": {"hosts": [host], "path": path}});
    let cases = [
        (
            json!({}),
            vec![json!({"ingress": {}})],
            vec!["spec.extraServices[0].ingress.hosts"],
        ),
        (
            route(),
            vec![json!({"ingress": {}})],
            vec!["spec.extraServices[0].ingress.hosts"],
        ),
        (
            json!({}),
            vec![json!({"httpRoute": {"hostnames": ["a.example"]}})],
            vec!["spec.extraServices[0].httpRoute.parentRefs"],
        ),
        // The gateway's own.
        (
            todo(),
            vec![json!({"ingress": {"path": "/"}})],
            vec!["spec.extraServices[0].ingress.path"],
        ),
        (
            route(),
            vec![json!({"httpRoute": {"path": "/"}})],
            vec!["spec.extraServices[0].httpRoute.path"],
        ),
        (
            json!({"ingress": {"hosts": ["todo.example"], "path": "/api/"}}),
            vec![own("todo.example", "/api")],
            vec!["spec.extraServices[0].ingress.path"],
        ),
        // Beside the API, not over it.
        (
            todo(),
            vec![json!({"ingress": {"path": "/v1"}})],
            vec!["spec.extraServices[0].ingress.path"],
        ),
        (
            todo(),
            vec![json!({"ingress": {"path": "/v1/analytics/daily"}})],
            vec!["spec.extraServices[0].ingress.path"],
        ),
        (todo(), vec![json!({"ingress": {"path": "/v1x"}})], vec![]),
        (todo(), vec![own("a.example", "/v1")], vec![]),
        // Two apps.
        (
            json!({}),
            vec![own("a.example", "/x"), own("a.example", "/x")],
            vec!["spec.extraServices[1].ingress.path"],
        ),
        (
            json!({}),
            vec![
                own("a.example", "/x"),
                json!({"httpRoute": {"parentRefs": [{"name": "p"}], "hostnames": ["a.example"], "path": "/x"}}),
            ],
            vec!["spec.extraServices[1].httpRoute.path"],
        ),
        (
            json!({}),
            vec![own("a.example", "/x"), own("a.example", "/x/y")],
            vec![],
        ),
        (
            json!({}),
            vec![own("a.example", "/x"), own("b.example", "/x")],
            vec![],
        ),
        (
            route(),
            vec![json!({"httpRoute": {"parentRefs": [{"name": "public", "namespace": "other"}]}})],
            vec![],
        ),
        // One Secret for two certificates.
        (
            json!({}),
            vec![
                json!({"ingress": {"hosts": ["a.example"], "tls": {"secretName": "s", "issuerRef": {"name": "i"}}}}),
                json!({"ingress": {"hosts": ["b.example"], "tls": {"secretName": "s", "issuerRef": {"name": "i"}}}}),
            ],
            vec!["spec.extraServices[1].ingress.tls.secretName"],
        ),
    ];
    for (gateway, apps, expected) in cases {
        assert_eq!(
            refused(with_apps(&gateway, &apps)),
            expected,
            "{gateway} {apps:?}"
        );
    }
    // A gateway that is away has no host to share; one of its own stays.
    let mut spec = with_apps(
        &todo(),
        &[json!({"ingress": {}}), own("todo.example", "/"), json!({})],
    );
    spec["services"] = json!({"gateway": {"enabled": false}});
    assert_eq!(refused(spec), ["spec.extraServices[0].ingress.hosts"]);
}

/// The fields that are refused.
fn refused(spec: Value) -> Vec<String> {
    let platform = platform(spec);
    let result = validate(&platform, &Facts::assumed(&platform), &defaults());
    let violations = result.err().map_or_else(Vec::new, |invalid| invalid.violations);
    violations
        .into_iter()
        .map(|violation| {
            assert_eq!(violation.reason, INVALID_SPEC, "{violation}");
            assert!(!violation.next_action.is_empty(), "{violation}");
            violation.field_path
        })
        .collect()
}
