//! When services are created, and when their pods are replaced.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use std::collections::BTreeSet;

use common::{defaults, everything_external, hashes, platform, rendered, sample, validated};
use proptest::prelude::*;
use serde_json::json;
use todoplatform_api::TodoPlatform;
use todoplatform_render::{Child, ChildKind, DependencyFact, Facts, Gate, build, references, validate};

fn gate(platform: &TodoPlatform, change: impl Fn(&mut Facts)) -> (Vec<(String, String)>, usize) {
    let mut facts = Facts::assumed(platform);
    change(&mut facts);
    let resources = build(&validate(platform, &facts, &defaults()).unwrap(), &facts);
    let deployments = resources
        .children
        .iter()
        .filter(|child| child.kind == ChildKind::Deployment && child.component.is_some())
        .count();
    let waiting_for = match resources.gate {
        Gate::Open => Vec::new(),
        Gate::Closed { waiting_for } => waiting_for
            .into_iter()
            .map(|(name, reason, _)| (name, reason))
            .collect(),
    };
    (waiting_for, deployments)
}

fn unready(facts: &mut Facts, name: &str) {
    let fact = DependencyFact {
        ready: false,
        reason: "ConnectionRefused".into(),
        message: "no answer".into(),
        version: None,
    };
    facts.dependencies.insert(name.into(), fact);
}

#[test]
fn services_wait_for_everything_they_need() {
    let platform = sample("development.yaml");
    let waits = |name: &str, reason: &str| (vec![(name.to_owned(), reason.to_owned())], 0);
    assert_eq!(gate(&platform, |_| {}), (vec![], 5));
    for name in ["database", "cache", "broker", "dapr"] {
        assert_eq!(
            gate(&platform, |facts| unready(facts, name)),
            waits(name, "ConnectionRefused")
        );
        let absent = gate(&platform, |facts| {
            facts.dependencies.remove(name);
        });
        assert_eq!(absent, waits(name, "NotAsked"));
    }
    let without_secret = gate(&platform, |facts| {
        facts.secrets.remove("todo-signing-key");
    });
    assert_eq!(without_secret, waits("secrets", "SecretsNotGenerated"));
    let without_key = gate(&platform, |facts| {
        facts
            .secrets
            .get_mut("todo-postgres")
            .unwrap()
            .keys
            .remove("task-url");
    });
    assert_eq!(without_key, waits("secrets", "SecretsNotGenerated"));
    let without_dapr = gate(&platform, |facts| {
        facts.optional_kinds.retain(|kind| !kind.is_dapr());
    });
    assert_eq!(without_dapr, waits("dapr", "DaprKindsMissing"));
}

#[test]
fn what_started_stays_whatever_blinks() {
    let platform = sample("development.yaml");
    let blink = gate(&platform, |facts| {
        facts.started = true;
        facts.dependencies.clear();
        facts.optional_kinds.clear();
        facts.secrets.remove("todo-redis");
    });
    assert_eq!(blink, (vec![], 5));
}

#[test]
fn behind_a_closed_gate_all_but_the_services_is_built() {
    let platform = sample("development.yaml");
    let mut facts = Facts::assumed(&platform);
    unready(&mut facts, "database");
    let waiting = build(&validated(&platform), &facts);
    let is_service = |child: &Child| child.kind == ChildKind::Deployment && child.component.is_some();
    let others: BTreeSet<_> = rendered(&platform)
        .children
        .iter()
        .filter(|child| !is_service(child))
        .map(|child| (child.kind, child.name.clone()))
        .collect();
    let built: BTreeSet<_> = waiting
        .children
        .iter()
        .map(|child| (child.kind, child.name.clone()))
        .collect();
    assert_eq!(built, others);
}

/// Which services' pods change when the named Secret's key does.
fn replaced(platform: &TodoPlatform, secret: &str, key: &str) -> Vec<String> {
    let facts = Facts::assumed(platform);
    let mut changed = facts.clone();
    let value = changed
        .secrets
        .get_mut(secret)
        .and_then(|fact| fact.keys.get_mut(key))
        .unwrap();
    *value = "another".into();
    let validated = validated(platform);
    let before = hashes(&build(&validated, &facts));
    let after = hashes(&build(&validated, &changed));
    let differ = after.into_iter().filter(|(name, hash)| before[name] != *hash);
    differ
        .map(|(name, _)| name.trim_start_matches("todo-").to_owned())
        .collect()
}

#[test]
fn a_changed_key_replaces_the_pods_that_read_it_and_no_other() {
    let embedded = platform(json!({}));
    let all = ["analytics", "gateway", "notification", "scheduler", "task"];
    let with_events = ["analytics", "notification", "scheduler", "task"];
    for (secret, key, services) in [
        ("todo-postgres", "postgres-password", &[][..]),
        ("todo-postgres", "task-password", &[]),
        ("todo-postgres", "task-url", &["task"]),
        ("todo-postgres", "notification-url", &["notification"]),
        ("todo-redis", "url", &["gateway", "scheduler"]),
        ("todo-redis", "password", &with_events),
        ("todo-signing-key", "jwks.json", &all),
        ("todo-signing-key", "private.pem", &[]),
        ("todo-task-app-token", "token", &["task"]),
        ("todo-gateway-api-token", "token", &["gateway"]),
    ] {
        assert_eq!(replaced(&embedded, secret, key), services, "{secret} {key}");
    }
    let external = platform(everything_external());
    for (key, services) in [
        ("database", &["notification"][..]),
        ("own", &["task"]),
        ("analytics", &["analytics"]),
        ("database-ca", &["analytics", "notification", "task"]),
        ("cache", &["gateway", "scheduler"]),
        ("cache-ca", &["gateway", "scheduler"]),
        ("kafka-password", &with_events),
        ("kafka-ca", &with_events),
        ("smtp-user", &["notification"]),
    ] {
        assert_eq!(replaced(&external, "external", key), services, "{key}");
    }
}

fn changed_by(spec: serde_json::Value) -> Vec<String> {
    let before = hashes(&rendered(&platform(json!({}))));
    let after = hashes(&rendered(&platform(spec)));
    after
        .into_iter()
        .filter(|(name, hash)| before[name] != *hash)
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn a_changed_spec_replaces_the_pods_that_it_concerns() {
    assert_eq!(changed_by(json!({})), [] as [&str; 0]);
    assert_eq!(
        changed_by(json!({"gateway": {"rateLimit": {"requests": 5}}})),
        ["todo-gateway"]
    );
    assert_eq!(
        changed_by(json!({"notifications": {"smtp": {"host": "mail"}}})),
        ["todo-notification"]
    );
    assert_eq!(
        changed_by(json!({"services": {"task": {"replicas": 2}}})),
        [] as [&str; 0]
    );
    let retries = changed_by(json!({"dapr": {"resiliency": {"maxRetries": 3}}}));
    assert_eq!(retries, ["todo-analytics", "todo-notification", "todo-scheduler"]);
}

#[test]
fn monitoring_restarts_nothing() {
    let monitored = json!({"observability": {"monitoring": {"labels": {"release": "prometheus"}}}});
    assert_eq!(changed_by(monitored), [] as [&str; 0]);
}

proptest! {
    #[test]
    fn any_change_of_any_key_replaces_only_pods_that_refer_to_its_secret(index in 0_usize..64, value in "[a-z0-9]{1,16}") {
        let platform = platform(everything_external());
        let secrets = references(&platform).secrets;
        let reference = &secrets[index % secrets.len()];
        let facts = Facts::assumed(&platform);
        let mut changed = facts.clone();
        changed.secrets.get_mut(&reference.name).unwrap().keys.insert(reference.key.clone(), value);
        let validated = validated(&platform);
        let before = build(&validated, &facts);
        let after = build(&validated, &changed);
        for (old, new) in before.children.iter().zip(&after.children) {
            if old != new {
                prop_assert_eq!(old.kind, ChildKind::Deployment);
            }
        }
    }
}
