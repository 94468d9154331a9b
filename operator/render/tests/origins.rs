//! Every setting says where it comes from, and says it truly.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use std::collections::BTreeMap;

use common::{defaults, everything_external, platform};
use serde_json::{Value, json};
use todoplatform_render::{Origin, Setting, origins};

fn settings(spec: Value) -> BTreeMap<String, Setting> {
    origins(&platform(spec), &defaults())
        .unwrap()
        .into_iter()
        .map(|setting| (setting.name(), setting))
        .collect()
}

fn told(settings: &BTreeMap<String, Setting>, path: &str) -> (Value, Vec<String>) {
    let Some(setting) = settings.get(path) else {
        unreachable!("no setting {path} among {:#?}", settings.keys())
    };
    let origins = setting.origins.iter().map(ToString::to_string).collect();
    (setting.value.clone(), origins)
}

#[test]
fn each_input_is_told_apart() {
    let settings = settings(json!({
        "services": {"task": {"replicas": 1, "dapr": {"logLevel": "debug"}}},
        "images": {"registry": "mirror.example"},
        "gateway": {"rateLimit": {"requests": 20}},
    }));
    let cases = [
        // A value that is the default anyway is the user's all the same.
        (
            "services.task.replicas",
            json!(1),
            vec!["user: spec.services.task.replicas"],
        ),
        ("services.gateway.replicas", json!(1), vec!["profile development"]),
        (
            "services.task.sidecar.logLevel",
            json!("debug"),
            vec!["user: spec.services.task.dapr.logLevel"],
        ),
        (
            "services.gateway.sidecar.logLevel",
            json!("info"),
            vec!["default of both profiles"],
        ),
        (
            "services.task.image",
            json!("mirror.example/todo-task:1.2.3"),
            vec!["user: spec.images.registry", "operator: --image-tag"],
        ),
        (
            "gateway.burst",
            json!(20),
            vec!["user: spec.gateway.rateLimit.requests"],
        ),
        (
            "gateway.periodSeconds",
            json!(60),
            vec!["default of both profiles"],
        ),
        (
            "auth.issuer",
            json!("https://todo.team.todoplatform.local"),
            vec!["profile development", "metadata.name", "metadata.namespace"],
        ),
    ];
    for (path, value, origins) in cases {
        assert_eq!(
            told(&settings, path),
            (value, origins.into_iter().map(Into::into).collect()),
            "{path}"
        );
    }
}

#[test]
fn production_is_told_by_its_name() {
    let settings = settings(everything_external());
    assert_eq!(
        told(&settings, "services.gateway.replicas"),
        (json!(2), vec!["profile production".into()])
    );
    assert_eq!(
        told(&settings, "services.task.replicas"),
        (json!(3), vec!["user: spec.services.task.replicas".into()])
    );
}

#[test]
fn every_setting_has_an_origin_and_every_field_that_was_written_decides_something() {
    for spec in [
        json!({}),
        json!({"profile": "development"}),
        everything_external(),
        ways_in(),
    ] {
        let mut unused: Vec<String> = leaves(&json!({"spec": spec.clone()}), "");
        unused.retain(|path| path != "spec" && path != "spec.profile");
        for setting in settings(spec).values() {
            assert!(!setting.origins.is_empty(), "{}", setting.name());
            assert!(
                setting.origins.len() == 1 || !setting.origins.contains(&Origin::BuiltIn),
                "{}",
                setting.name()
            );
            for origin in &setting.origins {
                if let Origin::User { field_path } = origin {
                    unused.retain(|path| !path.starts_with(field_path.as_str()));
                }
            }
        }
        assert_eq!(unused, Vec::<String>::new(), "fields that decide nothing");
    }
}

/// Every field of a way in.
fn ways_in() -> Value {
    json!({
        "gateway": {"ingress": {"className": "nginx", "hosts": ["todo.example"], "tls": {"secretName": "todo"}}},
        "extraServices": [
            {"name": "shop", "image": "acme/shop:1", "port": 9000, "ingress": {}},
            {"name": "board", "image": "acme/board:1", "port": 9000, "ingress": {
                "className": "other", "hosts": ["board.example"], "path": "/x", "annotations": {"a": "b"},
                "tls": {"secretName": "board", "issuerRef": {"name": "ca", "kind": "ClusterIssuer"}},
            }},
            {"name": "feed", "image": "acme/feed:1", "port": 9000, "httpRoute": {
                "parentRefs": [{"name": "public", "namespace": "gateways", "sectionName": "https"}],
                "hostnames": ["feed.example"], "path": "/y",
            }},
        ],
    })
}

#[test]
fn what_an_app_shares_with_the_gateway_says_so() {
    let settings = settings(ways_in());
    for (path, value, origins) in [
        (
            "services.shop.ingress.hosts",
            json!(["todo.example"]),
            vec!["user: spec.gateway.ingress.hosts[0]"],
        ),
        (
            "services.shop.ingress.tls.secretName",
            json!("todo"),
            vec!["user: spec.gateway.ingress.tls.secretName"],
        ),
        (
            "services.board.ingress.className",
            json!("other"),
            vec!["user: spec.extraServices[1].ingress.className"],
        ),
        (
            "services.feed.httpRoute.path",
            json!("/y"),
            vec!["user: spec.extraServices[2].httpRoute.path"],
        ),
    ] {
        let (found, told) = told(&settings, path);
        assert_eq!(found, value, "{path}");
        for origin in origins {
            assert!(told.iter().any(|found| found == origin), "{path}: {told:?}");
        }
    }
}

#[test]
fn settings_are_named_as_fields_are() {
    for (path, _) in settings(everything_external())
        .into_iter()
        .chain(settings(ways_in()))
    {
        // Below these the keys are labels.
        let is_label = path.starts_with("monitoring.") || path.starts_with("dashboards.labels.");
        assert!(
            is_label || !path.contains('_'),
            "{path}: rename_all = \"camelCase\" is missing"
        );
    }
}

fn leaves(value: &Value, path: &str) -> Vec<String> {
    match value {
        Value::Object(map) if !map.is_empty() => map
            .iter()
            .flat_map(|(key, value)| {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                leaves(value, &path)
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, value)| leaves(value, &format!("{path}[{index}]")))
            .collect(),
        _ => vec![path.to_owned()],
    }
}
