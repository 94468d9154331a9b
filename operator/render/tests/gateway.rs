//! The way in: Ingress, HTTPRoute, those of the user's own apps, CORS, limits by class of routes, and where the platform says that it answers.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use std::collections::BTreeSet;

use common::{defaults, object, objects, platform, rendered, validated};
use serde_json::{Value, json};
use todoplatform_render::{
    ChildKind, Facts, HTTP_ROUTE_MISSING, INVALID_SPEC, build, degradations, validate,
};

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

/// A platform with this `spec.gateway` and apps of the user's own, called `a`, `b`, … on port 9000.
fn with_apps(gateway: &Value, apps: &[Value]) -> Value {
    let named = apps.iter().zip('a'..).map(|(more, name)| {
        let mut app = json!({"name": name, "image": "acme/app:1", "port": 9000});
        app.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        app
    });
    json!({"gateway": gateway, "extraServices": named.collect::<Vec<_>>()})
}

fn tls() -> Value {
    json!({"issuerRef": {"name": "letsencrypt"}})
}

#[test]
fn an_app_behind_the_gateways_hosts_shares_class_and_certificate() {
    let gateway = json!({"ingress": {"className": "nginx", "hosts": ["todo.example"], "tls": tls(), "annotations": {"a": "b"}}});
    let resources = rendered(&platform(with_apps(&gateway, &[json!({"ingress": {}})])));
    let ingress = object(&resources, ChildKind::Ingress, "todo-a");
    let backend = json!({"service": {"name": "todo-a", "port": {"name": "http"}}});
    assert_eq!(
        ingress["spec"],
        json!({
            "ingressClassName": "nginx",
            "rules": [{"host": "todo.example", "http": {"paths": [{"path": "/a", "pathType": "Prefix", "backend": backend}]}}],
            "tls": [{"hosts": ["todo.example"], "secretName": "todo-gateway-tls"}],
        })
    );
    // cert-manager is asked once, by the gateway's.
    assert_eq!(ingress["metadata"]["annotations"], Value::Null);
    assert_eq!(ingress["metadata"]["labels"]["app.kubernetes.io/component"], "a");
    let child = resources
        .children
        .iter()
        .find(|child| child.kind == ChildKind::Ingress && child.name == "todo-a");
    assert_eq!(child.unwrap().component.as_deref(), Some("a"));
}

#[test]
fn an_app_at_a_host_of_its_own_has_a_certificate_of_its_own() {
    let gateway =
        json!({"ingress": {"className": "nginx", "hosts": ["todo.example"], "tls": {"secretName": "todo"}}});
    let own = json!({"ingress": {"hosts": ["a.example"], "tls": tls(), "annotations": {"x": "y"}}});
    let plain =
        json!({"ingress": {"className": "other", "hosts": ["b.example", "todo.example"], "path": "/b/c"}});
    let resources = rendered(&platform(with_apps(&gateway, &[own, plain])));
    let first = object(&resources, ChildKind::Ingress, "todo-a");
    assert_eq!(first["spec"]["ingressClassName"], "nginx");
    assert_eq!(first["spec"]["rules"][0]["host"], "a.example");
    assert_eq!(first["spec"]["rules"][0]["http"]["paths"][0]["path"], "/");
    assert_eq!(
        first["spec"]["tls"],
        json!([{"hosts": ["a.example"], "secretName": "todo-a-tls"}])
    );
    assert_eq!(
        first["metadata"]["annotations"],
        json!({"cert-manager.io/issuer": "letsencrypt", "x": "y"})
    );
    let second = object(&resources, ChildKind::Ingress, "todo-b");
    assert_eq!(second["spec"]["ingressClassName"], "other");
    assert_eq!(second["spec"]["rules"][1]["http"]["paths"][0]["path"], "/b/c");
    assert_eq!(second["spec"]["tls"], Value::Null);
}

#[test]
fn an_apps_route_attaches_where_the_gateways_does_or_elsewhere() {
    let gateway = json!({"httpRoute": {"parentRefs": [{"name": "public"}], "hostnames": ["todo.example"]}});
    let apps = [
        json!({"httpRoute": {}}),
        json!({"httpRoute": {"hostnames": ["b.example"]}, "protocol": "h2c"}),
        json!({"httpRoute": {"parentRefs": [{"name": "inner", "namespace": "gateways"}]}}),
    ];
    let resources = rendered(&platform(with_apps(&gateway, &apps)));
    for (app, parents, hostnames, path) in [
        (
            "todo-a",
            json!([{"name": "public"}]),
            json!(["todo.example"]),
            "/a",
        ),
        ("todo-b", json!([{"name": "public"}]), json!(["b.example"]), "/"),
        (
            "todo-c",
            json!([{"name": "inner", "namespace": "gateways"}]),
            Value::Null,
            "/",
        ),
    ] {
        let spec = &object(&resources, ChildKind::HttpRoute, app)["spec"];
        assert_eq!(
            (&spec["parentRefs"], &spec["hostnames"]),
            (&parents, &hostnames),
            "{app}"
        );
        assert_eq!(
            spec["rules"],
            json!([{
                "matches": [{"path": {"type": "PathPrefix", "value": path}}],
                "backendRefs": [{"name": app, "port": 9000}],
            }])
        );
    }
    let port = |app: &str| object(&resources, ChildKind::Service, app)["spec"]["ports"][0].clone();
    assert_eq!(port("todo-a")["appProtocol"], Value::Null);
    assert_eq!(port("todo-b")["appProtocol"], "kubernetes.io/h2c");
}

#[test]
fn an_app_that_clients_reach_is_open_to_them_and_no_other_is() {
    let mut spec = with_apps(
        &json!({"ingress": {"hosts": ["todo.example"]}}),
        &[
            json!({"ingress": {}}),
            json!({}),
            json!({"httpRoute": {"parentRefs": [{"name": "public"}]}}),
        ],
    );
    spec["networkPolicy"] = json!({"enabled": true, "ingressNamespaces": ["ingress-nginx"]});
    let resources = rendered(&platform(spec));
    let open: BTreeSet<_> = objects(&resources, ChildKind::NetworkPolicy)
        .into_iter()
        .filter(|policy| policy["spec"]["ingress"].to_string().contains("ingress-nginx"))
        .map(|policy| policy["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    let expected = ["todo-a", "todo-c", "todo-gateway"].map(str::to_owned);
    assert_eq!(open, expected.into());
    let rules = &object(&resources, ChildKind::NetworkPolicy, "todo-a")["spec"]["ingress"];
    let from_clients = rules
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule.to_string().contains("ingress-nginx"));
    assert_eq!(
        from_clients.unwrap()["ports"],
        json!([{"port": 9000, "protocol": "TCP"}])
    );
}

#[test]
fn a_way_in_goes_with_its_app() {
    let app = json!({"enabled": false, "ingress": {"hosts": ["a.example"]}});
    let resources = rendered(&platform(with_apps(&json!({}), &[app])));
    assert!(objects(&resources, ChildKind::Ingress).is_empty());
    let paused = json!({"paused": true, "ingress": {"hosts": ["a.example"]}});
    let resources = rendered(&platform(with_apps(&json!({}), &[paused])));
    assert_eq!(objects(&resources, ChildKind::Ingress).len(), 1);
    assert!(resources.written().all(|child| child.kind != ChildKind::Ingress));
}

#[test]
fn a_route_that_the_api_server_does_not_know_names_whom_nobody_reaches() {
    let gateway = json!({"httpRoute": {"parentRefs": [{"name": "public"}]}});
    let platform = platform(with_apps(&gateway, &[json!({"httpRoute": {}})]));
    let mut facts = Facts::assumed(&platform);
    facts.optional_kinds.remove(&ChildKind::HttpRoute);
    let validated = validated(&platform);
    assert!(objects(&build(&validated, &facts), ChildKind::HttpRoute).is_empty());
    let [only] = &degradations(&validated, &facts)[..] else {
        unreachable!("one kind is missing")
    };
    assert_eq!(only.reason, HTTP_ROUTE_MISSING);
    assert!(only.message.starts_with("gateway, a: "), "{}", only.message);
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
