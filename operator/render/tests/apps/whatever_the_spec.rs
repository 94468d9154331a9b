//! What must hold whatever the spec says of applications.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use todoplatform_render::{Facts, build, validate};

use crate::common::{defaults, platform};

fn a_service() -> impl Strategy<Value = Value> {
    let switch = || prop::option::of(any::<bool>());
    (
        switch(),
        switch(),
        prop::option::of(-1_i32..5),
        prop::option::of(0_i32..5),
        prop::option::of(0_i32..5),
        prop::option::of("[a-z./@:]{0,12}"),
        prop::option::of("[a-zA-Z]{1,6}"),
        prop::option::of("(dapr\\.io/|todoplatform\\.dev/|app\\.kubernetes\\.io/)?[a-z]{1,4}"),
    )
        .prop_map(|(enabled, paused, replicas, least, most, image, key, label)| {
            let mut section = json!({});
            let mut set = |field: &str, value: Option<Value>| {
                if let Some(value) = value {
                    section[field] = value;
                }
            };
            set("enabled", enabled.map(Value::from));
            set("paused", paused.map(Value::from));
            set("replicas", replicas.map(Value::from));
            set(
                "podDisruptionBudget",
                least.map(|least| json!({"minAvailable": least, "maxUnavailable": most})),
            );
            set("image", image.map(Value::from));
            set("config", key.map(|key| json!({key: {"log": 1}, "log": null})));
            set(
                "pod",
                label.map(|label| json!({"labels": {label.clone(): "x"}, "annotations": {label: "x"}})),
            );
            section
        })
}

/// `ingress` or `httpRoute`, with some of their fields.
fn a_way_in() -> impl Strategy<Value = (&'static str, Value)> {
    let host = prop::option::of("(todo\\.example|[a-z.*]{1,8})");
    let path = prop::option::of("/(v1(/tasks)?)?[a-z/]{0,3}");
    (any::<bool>(), host, path, any::<bool>()).prop_map(|(is_ingress, host, path, more)| {
        let mut way_in = json!({});
        if let Some(path) = path {
            way_in["path"] = json!(path);
        }
        let (field, hosts) = if is_ingress {
            ("ingress", "hosts")
        } else {
            ("httpRoute", "hostnames")
        };
        if let Some(host) = host {
            way_in[hosts] = json!([host]);
        }
        if more && is_ingress {
            way_in["tls"] = json!({"issuerRef": {"name": "i"}});
        } else if more {
            way_in["parentRefs"] = json!([{"name": "public"}]);
        }
        (field, way_in)
    })
}

fn an_extra_service() -> impl Strategy<Value = Value> {
    let word = || "(task|gateway|shop|a|b|[a-z-]{1,20})";
    let topics = || prop::collection::vec("(task\\.created|a\\.b|a-b|[a-z.-]{1,6})", 0..3);
    (
        a_service(),
        word(),
        any::<i16>(),
        topics(),
        topics(),
        prop::collection::vec(word(), 0..3),
        any::<bool>(),
        prop::option::of(a_way_in()),
    )
        .prop_map(
            |(mut section, name, port, publishes, consumes, calls, stores, way_in)| {
                let consumes: Vec<_> = consumes
                    .into_iter()
                    .map(|topic| json!({"topic": topic}))
                    .collect();
                section.as_object_mut().unwrap().remove("config");
                if section["image"].is_null() {
                    section["image"] = json!("a:1");
                }
                section["name"] = json!(name);
                section["port"] = json!(port);
                section["publishes"] = json!(publishes);
                section["consumes"] = json!(consumes);
                section["calls"] = json!(calls);
                if let Some((field, way_in)) = way_in {
                    section[field] = way_in;
                }
                section["stores"] = if stores {
                    json!(["redis", "postgresql"])
                } else {
                    json!([])
                };
                section
            },
        )
}

proptest! {
    #[test]
    fn any_spec_is_built_or_refused_with_its_fields(
        task in a_service(), scheduler in a_service(), gateway in a_service(), shared in a_service(),
        extra in prop::collection::vec(an_extra_service(), 0..3), shares in any::<bool>(), version in prop::option::of("[0-9.]{1,6}"),
    ) {
        let mut spec = json!({"services": {"task": task, "scheduler": scheduler, "gateway": gateway}, "extraServices": extra});
        if shares {
            spec["gateway"] = json!({"ingress": {"hosts": ["todo.example"]}});
        }
        if let Some(shared) = shared.get("pod") {
            spec["podDefaults"] = shared.clone();
        }
        if let Some(version) = version {
            spec["version"] = json!(version);
        }
        let platform = platform(spec);
        let facts = Facts::assumed(&platform);
        match validate(&platform, &facts, &defaults()) {
            Ok(validated) => {
                let resources = build(&validated, &facts);
                let names: BTreeSet<_> = resources.children.iter().map(|child| (child.kind, &child.name)).collect();
                prop_assert_eq!(names.len(), resources.children.len());
            }
            Err(invalid) => {
                prop_assert!(!invalid.violations.is_empty());
                for violation in invalid.violations {
                    prop_assert!(violation.field_path.starts_with("spec."), "{}", violation);
                    prop_assert!(!violation.message.is_empty());
                }
            }
        }
    }
}
