//! Applications of the user's own.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use todoplatform_render::{ChildKind, Facts, validate};

use crate::common::{defaults, named, object, platform, rendered};
use crate::{pod, refused, shop};

#[test]
fn an_extra_service_is_told_whom_it_knows() {
    let mut spec = shop(&json!({
        "calls": ["task"], "publishes": ["shop.ordered"], "stores": ["redis", "daprState", "postgresql"],
        "databaseUrlSecretKeyRef": {"name": "shop", "key": "url"}, "protocol": "h2c", "command": ["/shop"], "args": ["run"],
    }));
    spec["broker"] = json!({"topicPrefix": "p."});
    let pod = pod(&spec, "shop");
    let container = &pod["spec"]["containers"][0];
    let env: BTreeMap<_, _> = container["env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| (variable["name"].as_str().unwrap(), variable))
        .collect();
    for (name, value) in [
        ("APP_ID", "todo-shop"),
        ("APP_PORT", "9000"),
        ("PUBSUB_NAME", "todo-shop-events"),
        ("TOPIC_PREFIX", "p."),
        ("STATE_STORE_NAME", "todo-shop-state"),
        ("PEER_TASK", "todo-task"),
    ] {
        assert_eq!(env[name]["value"], value);
    }
    assert_eq!(env["DATABASE_URL"]["valueFrom"]["secretKeyRef"]["name"], "shop");
    assert!(env.contains_key("REDIS_URL") && env.contains_key("DAPR_API_TOKEN"));
    assert_eq!(container["command"], json!(["/shop"]));
    assert_eq!(container["args"], json!(["run"]));
    assert_eq!(container["readinessProbe"]["tcpSocket"]["port"], "http");
    assert_eq!(container["volumeMounts"][0]["mountPath"], "/tmp");
    assert_eq!(
        pod["metadata"]["annotations"]["dapr.io/app-port"],
        Value::Null,
        "nothing calls it"
    );
    let resources = rendered(&platform(spec));
    let callers =
        &object(&resources, ChildKind::Configuration, "todo-task")["spec"]["accessControl"]["policies"];
    assert_eq!(callers[1]["appId"], "todo-shop");
}

#[test]
fn a_change_of_the_platforms_version_is_no_concern_of_an_extra_service() {
    let mut spec = shop(&json!({}));
    spec["images"] = json!({"tag": "1.0.0"});
    let before = (pod(&spec, "shop"), pod(&spec, "task"));
    spec["images"]["tag"] = json!("2.0.0");
    assert_eq!(pod(&spec, "shop"), before.0);
    assert_ne!(pod(&spec, "task"), before.1);
    assert_eq!(before.0["metadata"]["labels"]["app.kubernetes.io/version"], "1");
}

#[test]
fn what_an_extra_service_may_not_be_is_refused_by_its_field() {
    for (spec, field_path) in [
        (shop(&json!({"calls": ["tsk"]})), "spec.extraServices[0].calls[0]"),
        (
            shop(&json!({"calls": ["task", "shop"]})),
            "spec.extraServices[0].calls[1]",
        ),
        (
            shop(&json!({"calls": ["gateway"]})),
            "spec.extraServices[0].calls[0]",
        ),
        (
            shop(&json!({"consumes": [{"topic": "task.creatd"}]})),
            "spec.extraServices[0].consumes[0].topic",
        ),
        (
            shop(&json!({"stores": ["postgresql"]})),
            "spec.extraServices[0].databaseUrlSecretKeyRef",
        ),
        (
            json!({"extraServices": [
                {"name": "a", "image": "a:1", "port": 80, "publishes": ["b.c", "b-c"]},
                {"name": "x", "image": "x:1", "port": 80, "consumes": [{"topic": "b.c"}, {"topic": "b-c"}]},
            ]}),
            "spec.extraServices[1].consumes[1].topic",
        ),
        (
            json!({"extraServices": [{"name": "a", "image": "a:1", "port": 80}, {"name": "a", "image": "a:2", "port": 80}]}),
            "spec.extraServices[1].name",
        ),
    ] {
        let found = refused(spec.clone());
        assert!(!found.is_empty(), "{spec}");
        assert!(
            found.iter().all(|(path, _)| path == field_path),
            "{spec}: {found:?}"
        );
    }
    let long = named(
        &"x".repeat(40),
        json!({"extraServices": [{"name": "y".repeat(13), "image": "a:1", "port": 80}]}),
    );
    let invalid = validate(&long, &Facts::assumed(&long), &defaults()).unwrap_err();
    assert_eq!(invalid.violations[0].field_path, "spec.extraServices[0].name");
}
