//! A changed key of a Secret changes the pod template of each application that reads it, and of no other one.
//!
//! Who reads a key is taken from the rendered objects themselves, so that a new way to read one is covered too.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{defaults, everything_external, platform, sample};
use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{ChildKind, Facts, Prepared, Resources, build, validate};

fn platforms() -> Vec<TodoPlatform> {
    let key = |key: &str| json!({"name": "external", "key": key});
    let mut certificates = everything_external();
    certificates["broker"] = json!({"kafka": {"brokers": ["kafka:9093"], "tls": {
        "caSecretKeyRef": key("kafka-ca"), "clientCertSecretKeyRef": key("kafka-cert"), "clientKeySecretKeyRef": key("kafka-key"),
    }}});
    let mut keys = everything_external();
    keys["auth"] = json!({"issuer": "https://issuer", "audience": "todo", "jwksSecretKeyRef": key("jwks")});
    keys["broker"] =
        json!({"redis": {"external": {"host": "redis:6379", "passwordSecretKeyRef": key("redis-password")}}});
    vec![
        sample("development.yaml"),
        platform(everything_external()),
        platform(certificates),
        platform(keys),
    ]
}

fn built(platform: &TodoPlatform, facts: &Facts) -> Resources<Prepared> {
    build(&validate(platform, facts, &defaults()).unwrap(), facts)
}

fn templates(resources: &Resources<Prepared>) -> BTreeMap<String, Value> {
    resources
        .children
        .iter()
        .filter(|child| child.kind == ChildKind::Deployment)
        .map(|child| (child.name.clone(), child.object["spec"]["template"].clone()))
        .collect()
}

/// Every `{name, key}` of a Secret below a value: `secretKeyRef` of variables and of Dapr's metadata, `secret` of volumes.
fn keys_below(value: &Value, found: &mut BTreeSet<(String, String)>) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Object(map) => {
            if let Some(reference) = map.get("secretKeyRef") {
                found.extend(text(&reference["name"]).zip(text(&reference["key"])));
            }
            if let Some(secret) = map.get("secret") {
                let name = text(&secret["name"]).or(text(&secret["secretName"]));
                let items = secret["items"].as_array().into_iter().flatten();
                found.extend(items.filter_map(|item| name.clone().zip(text(&item["key"]))));
            }
            for (annotation, value) in map {
                if annotation.starts_with("dapr.io/") && annotation.ends_with("-token-secret") {
                    found.extend(text(value).map(|name| (name, "token".to_owned())));
                }
                keys_below(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys_below(item, found)),
        _ => {}
    }
}

/// The Deployments whose pods or whose sidecars' Components read a key.
fn readers(resources: &Resources<Prepared>) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut readers = BTreeMap::<_, BTreeSet<String>>::new();
    for deployment in resources
        .children
        .iter()
        .filter(|child| child.kind == ChildKind::Deployment)
    {
        let mut keys = BTreeSet::new();
        let its = |child: &&todoplatform_render::Child| match &deployment.component {
            Some(_) => child.component == deployment.component,
            None => child.name == deployment.name,
        };
        for child in resources.children.iter().filter(its) {
            if matches!(child.kind, ChildKind::Deployment | ChildKind::Component) {
                keys_below(&child.object, &mut keys);
            }
        }
        for key in keys {
            readers.entry(key).or_default().insert(deployment.name.clone());
        }
    }
    readers
}

#[test]
fn a_rotated_key_restarts_its_readers_and_nobody_else() {
    for platform in platforms() {
        let before = Facts::assumed(&platform);
        let resources = built(&platform, &before);
        let readers = readers(&resources);
        assert!(readers.len() > 10, "tokens, databases, broker: {readers:?}");
        for (name, key) in before
            .secrets
            .iter()
            .flat_map(|(name, fact)| fact.keys.keys().map(move |key| (name, key)))
        {
            let mut after = before.clone();
            after
                .secrets
                .get_mut(name)
                .unwrap()
                .keys
                .insert(key.clone(), "rotated".into());
            let after = templates(&built(&platform, &after));
            let changed: BTreeSet<String> = templates(&resources)
                .into_iter()
                .filter(|(name, template)| after[name] != *template)
                .map(|(name, _)| name)
                .collect();
            let expected = readers
                .get(&(name.clone(), key.clone()))
                .cloned()
                .unwrap_or_default();
            assert_eq!(changed, expected, "Secret {name}, key {key}");
        }
    }
}

#[test]
fn every_key_that_a_pod_reads_is_looked_at() {
    for platform in platforms() {
        let facts = Facts::assumed(&platform);
        for (name, key) in readers(&built(&platform, &facts)).into_keys() {
            let known = facts
                .secrets
                .get(&name)
                .is_some_and(|fact| fact.keys.contains_key(&key));
            assert!(known, "Secret {name}, key {key} is read by a pod and by no pass");
        }
    }
}

/// The objects that the sidecar of each application loads, without what they are called.
fn dapr_objects(resources: &Resources<Prepared>) -> BTreeMap<String, Vec<Value>> {
    let mut objects = BTreeMap::<_, Vec<Value>>::new();
    for child in &resources.children {
        let is_loaded = matches!(
            child.kind,
            ChildKind::Component | ChildKind::Subscription | ChildKind::Configuration | ChildKind::Resiliency
        );
        if let (true, Some(component)) = (is_loaded, &child.component) {
            let mut object = child.object.clone();
            object["metadata"] = Value::Null;
            objects
                .entry(format!("todo-{component}"))
                .or_default()
                .push(object);
        }
    }
    objects
}

#[test]
fn a_changed_dapr_object_restarts_its_application_and_nobody_else() {
    let external = everything_external();
    let before = built(
        &platform(external.clone()),
        &Facts::assumed(&platform(external.clone())),
    );
    let changes = [
        json!({"dapr": {"secretStore": "vault"}}),
        json!({"dapr": {"apiLogging": {"enabled": true}}}),
        json!({"services": {"analytics": {"enabled": false}}}),
    ];
    for change in changes {
        let mut spec = external.clone();
        for (section, value) in change.as_object().unwrap() {
            spec[section] = value.clone();
        }
        let wanted = platform(spec);
        let after = built(&wanted, &Facts::assumed(&wanted));
        let [loaded_before, loaded_after] = [&before, &after].map(dapr_objects);
        let [templates_before, templates_after] = [&before, &after].map(templates);
        let mut restarted = 0;
        for (name, template) in &templates_after {
            let is_restarted = templates_before.get(name) != Some(template);
            let is_changed = loaded_before.get(name) != loaded_after.get(name);
            assert!(is_restarted || !is_changed, "{change}: {name} does not restart");
            restarted += usize::from(is_restarted);
        }
        assert!(restarted > 0, "{change} changes something");
    }
    let wanted = platform({
        let mut spec = external;
        spec["dapr"] = json!({"secretStore": "vault"});
        spec
    });
    let after = built(&wanted, &Facts::assumed(&wanted));
    let gateway = "todo-gateway";
    assert_eq!(
        templates(&before)[gateway],
        templates(&after)[gateway],
        "the gateway has no component that could ask the secret store"
    );
}
