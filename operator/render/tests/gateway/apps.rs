//! Ways in of the user's own apps.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use todoplatform_render::{ChildKind, Facts, HTTP_ROUTE_MISSING, build, degradations};

use crate::common::{object, objects, platform, rendered, validated};
use crate::with_apps;

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
