//! Platforms to render in tests.
#![expect(dead_code, reason = "each test file uses its own part")]
#![expect(clippy::needless_pass_by_value, reason = "a spec is written where it is used")]

use std::{fs, path::Path};

use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{
    ChildKind, Facts, OperatorDefaults, Prepared, Resources, ValidatedPlatform, build, validate,
};

/// What the operator is started with in tests.
pub(crate) fn defaults() -> OperatorDefaults {
    OperatorDefaults {
        image_registry: "registry.example/todo".into(),
        image_tag: "1.2.3".into(),
        postgres_image: "postgres:17.6".into(),
        redis_image: "redis:8.2.1".into(),
        postgres_exporter_image: "postgres-exporter:0.18.1".into(),
        redis_exporter_image: "redis_exporter:1.77.0".into(),
        kafka_exporter_image: "klag-exporter:0.1.29".into(),
        image_pull_policy: None,
        cluster_domain: "cluster.local".into(),
        operator_namespace: Some("todoplatform-system".into()),
    }
}

/// A platform `todo` in namespace `team` with a UID.
pub(crate) fn platform(spec: Value) -> TodoPlatform {
    named("todo", spec)
}

pub(crate) fn named(name: &str, spec: Value) -> TodoPlatform {
    let metadata = json!({"name": name, "namespace": "team", "uid": "5e1f1e7c-0000-4000-8000-000000000001"});
    serde_json::from_value(json!({
        "apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform", "metadata": metadata, "spec": spec,
    }))
    .unwrap()
}

pub(crate) fn sample(name: &str) -> TodoPlatform {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../config/samples")
        .join(name);
    let mut platform: TodoPlatform = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    platform.metadata.namespace = Some("team".into());
    platform.metadata.uid = Some("5e1f1e7c-0000-4000-8000-000000000001".into());
    platform
}

pub(crate) fn validated(platform: &TodoPlatform) -> ValidatedPlatform {
    validate(platform, &Facts::assumed(platform), &defaults()).unwrap()
}

pub(crate) fn rendered(platform: &TodoPlatform) -> Resources<Prepared> {
    build(&validated(platform), &Facts::assumed(platform))
}

/// A Kafka with everything, databases by service, private authorities, a login for mail.
pub(crate) fn everything_external() -> Value {
    let key = |key: &str| json!({"name": "external", "key": key});
    json!({
        "profile": "production",
        "images": {"pullSecrets": [{"name": "pull"}]},
        "auth": {"issuer": "https://issuer", "audience": "todo", "jwksUrl": "https://issuer/jwks"},
        "database": {"external": {
            "urlSecretKeyRef": key("database"), "analyticsUrlSecretKeyRef": key("analytics"), "caSecretKeyRef": key("database-ca"),
        }},
        "cache": {"external": {"urlSecretKeyRef": key("cache"), "caSecretKeyRef": key("cache-ca")}},
        "broker": {"kafka": {
            "brokers": ["kafka-0:9093", "kafka-1:9093"],
            "sasl": {"mechanism": "SCRAM-SHA-512", "usernameSecretKeyRef": key("kafka-user"), "passwordSecretKeyRef": key("kafka-password")},
            "tls": {"caSecretKeyRef": key("kafka-ca")},
        }},
        "notifications": {"smtp": {
            "host": "mail.example", "usernameSecretKeyRef": key("smtp-user"), "passwordSecretKeyRef": key("smtp-password"),
        }},
        "services": {"task": {"replicas": 3, "env": [
            {"name": "TODO_LOG__LEVEL", "value": "debug"},
            {"name": "DATABASE_URL", "secretKeyRef": key("own")},
        ]}},
        "observability": {"monitoring": {"labels": {"release": "prometheus"}}},
    })
}

pub(crate) fn objects(resources: &Resources<Prepared>, kind: ChildKind) -> Vec<&Value> {
    resources
        .children
        .iter()
        .filter(|child| child.kind == kind)
        .map(|child| &child.object)
        .collect()
}

/// The Deployments of the applications, without those of exporters.
pub(crate) fn services(resources: &Resources<Prepared>) -> Vec<&Value> {
    resources
        .children
        .iter()
        .filter(|child| child.kind == ChildKind::Deployment && child.component.is_some())
        .map(|child| &child.object)
        .collect()
}

pub(crate) fn object<'a>(resources: &'a Resources<Prepared>, kind: ChildKind, name: &str) -> &'a Value {
    let found = resources
        .children
        .iter()
        .find(|child| child.kind == kind && child.name == name);
    &found
        .unwrap_or_else(|| unreachable!("no {} {name}", kind.as_str()))
        .object
}

/// The config hash of each service's pods, by the Deployment's name.
pub(crate) fn hashes(resources: &Resources<Prepared>) -> std::collections::BTreeMap<String, String> {
    services(resources)
        .into_iter()
        .map(|object| {
            let hash = &object["spec"]["template"]["metadata"]["annotations"]["todoplatform.dev/config-hash"];
            (
                object["metadata"]["name"].as_str().unwrap().to_owned(),
                hash.as_str().unwrap().to_owned(),
            )
        })
        .collect()
}
