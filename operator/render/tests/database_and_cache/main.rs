//! The database and the cache in each of their forms: what is asked, what is made, what the services are told.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

#[path = "../common/mod.rs"]
mod common;
mod logins;
mod setup;

use std::collections::BTreeMap;

use common::{object, rendered};
use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{ChildKind, references};

fn key(key: &str) -> Value {
    json!({"name": "user", "key": key})
}

/// The environment of a service's container: values as they are, keys of Secrets as `<name>/<key>`.
fn environment(platform: &TodoPlatform, service: &str, prefix: &str) -> BTreeMap<String, String> {
    let resources = rendered(platform);
    let deployment = object(&resources, ChildKind::Deployment, &format!("todo-{service}"));
    told(&deployment["spec"]["template"]["spec"]["containers"][0], prefix)
}

fn told(container: &Value, prefix: &str) -> BTreeMap<String, String> {
    let variables = container["env"].as_array().unwrap().iter();
    variables
        .filter(|variable| variable["name"].as_str().unwrap().starts_with(prefix))
        .map(|variable| {
            let selector = &variable["valueFrom"]["secretKeyRef"];
            let value = match variable["value"].as_str() {
                Some(value) => value.to_owned(),
                None => format!(
                    "{}/{}",
                    selector["name"].as_str().unwrap(),
                    selector["key"].as_str().unwrap()
                ),
            };
            let name = variable["name"].as_str().unwrap().trim_start_matches(prefix);
            (name.to_owned(), value)
        })
        .collect()
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Name and kind of each dependency.
fn dependencies(platform: &TodoPlatform) -> Vec<(String, &'static str)> {
    references(platform)
        .dependencies
        .into_iter()
        .map(|dependency| (dependency.name.clone(), dependency.target.kind()))
        .filter(|(name, _)| !["cache", "broker", "dapr"].contains(&name.as_str()))
        .collect()
}

fn by_parts() -> Value {
    json!({"external": {
        "host": "db.example", "port": 6432, "usernameSecretKeyRef": key("user"), "passwordSecretKeyRef": key("password"),
        "caSecretKeyRef": key("ca"), "options": [{"name": "statement_timeout", "value": "5s"}, {"name": "lock_timeout", "value": "1s"}],
    }, "readReplica": {"host": "ro.example"}})
}

fn with_admin() -> Value {
    json!({"external": {
        "host": "db.example", "sslMode": "require",
        "admin": {"usernameSecretKeyRef": key("admin"), "passwordSecretKeyRef": key("admin-password")},
    }})
}

fn cluster(roles: &str) -> Value {
    json!({"cloudNativePG": {"clusterRef": {"name": "pg"}, "roles": roles}, "readReplica": {}})
}
