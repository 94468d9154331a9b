//! What is refused, with which field, reason and words.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use common::{defaults, everything_external, platform};
use serde_json::{Value, json};
use todoplatform_api::{TodoPlatform, rules};
use todoplatform_render::{
    Facts, INVALID_IMAGE, INVALID_SPEC, Invalid, MISSING_SECRET, MISSING_SECRET_KEY, OperatorDefaults,
    Violation, validate,
};

fn violations(platform: &TodoPlatform, facts: &Facts, defaults: &OperatorDefaults) -> Vec<Violation> {
    validate(platform, facts, defaults)
        .err()
        .map_or_else(Vec::new, |Invalid { violations }| violations)
}

fn told(spec: Value) -> Vec<(String, &'static str, String)> {
    let platform = platform(spec);
    violations(&platform, &Facts::assumed(&platform), &defaults())
        .into_iter()
        .map(|violation| (violation.field_path, violation.reason, violation.message))
        .collect()
}

#[test]
fn what_is_valid_is_built() {
    for spec in [
        json!({}),
        json!({"profile": "development"}),
        everything_external(),
    ] {
        assert_eq!(told(spec), []);
    }
}

#[test]
fn production_says_everything_that_it_lacks_at_once() {
    let expected = [
        ("spec.database", rules::PRODUCTION_DATABASE.message),
        ("spec.cache", rules::PRODUCTION_CACHE.message),
        ("spec.broker", rules::PRODUCTION_BROKER.message),
        ("spec.auth", rules::PRODUCTION_AUTH.message),
    ]
    .map(|(path, message)| (path.to_owned(), INVALID_SPEC, message.to_owned()));
    assert_eq!(told(json!({"profile": "production"})), expected);
}

#[test]
fn production_without_a_broker_says_so_with_the_way_out() {
    let mut spec = everything_external();
    spec.as_object_mut().unwrap().remove("broker");
    let platform = platform(spec);
    assert_eq!(
        violations(&platform, &Facts::assumed(&platform), &defaults()),
        [Violation {
            field_path: "spec.broker".into(),
            reason: INVALID_SPEC,
            message: rules::PRODUCTION_BROKER.message.into(),
            next_action: rules::PRODUCTION_BROKER.next_action.into(),
        }]
    );
}

#[test]
fn a_name_too_long_for_its_children_is_refused() {
    let platform = common::named(&"x".repeat(41), json!({}));
    let found = violations(&platform, &Facts::assumed(&platform), &defaults());
    let [only] = found.as_slice() else {
        unreachable!("{found:?}")
    };
    assert_eq!(
        (only.field_path.as_str(), only.message.as_str()),
        ("metadata.name", rules::NAME_LENGTH.message)
    );
}

#[test]
fn a_secret_that_is_missing_is_named() {
    let platform =
        platform(json!({"cache": {"external": {"urlSecretKeyRef": {"name": "todo-cache", "key": "url"}}}}));
    let mut facts = Facts::assumed(&platform);
    facts.secrets.remove("todo-cache");
    assert_eq!(
        violations(&platform, &facts, &defaults()),
        [Violation {
            field_path: "spec.cache.external.urlSecretKeyRef".into(),
            reason: MISSING_SECRET,
            message: "Secret `todo-cache` does not exist".into(),
            next_action: "kubectl -n team create secret generic todo-cache --from-literal=url=…".into(),
        }]
    );
}

#[test]
fn a_key_that_is_missing_is_named_at_every_field_that_needs_it() {
    let reference = json!({"name": "mine", "key": "token"});
    let platform = platform(json!({"services": {
        "task": {"env": [{"name": "A", "value": "a"}, {"name": "B", "secretKeyRef": reference}]},
        "analytics": {"env": [{"name": "C", "secretKeyRef": reference}]},
    }}));
    let mut facts = Facts::assumed(&platform);
    facts.secrets.get_mut("mine").unwrap().keys.clear();
    let found: Vec<_> = violations(&platform, &facts, &defaults())
        .into_iter()
        .map(|violation| (violation.field_path, violation.reason, violation.message))
        .collect();
    let message = "Secret `mine` has no key `token`".to_owned();
    assert_eq!(
        found,
        [
            (
                "spec.services.task.env[1].secretKeyRef".to_owned(),
                MISSING_SECRET_KEY,
                message.clone()
            ),
            (
                "spec.services.analytics.env[0].secretKeyRef".to_owned(),
                MISSING_SECRET_KEY,
                message
            ),
        ]
    );
}

#[test]
fn a_secret_that_the_operator_makes_is_never_missing() {
    let platform = platform(json!({}));
    let facts = Facts {
        secrets: std::collections::BTreeMap::new(),
        ..Facts::assumed(&platform)
    };
    assert_eq!(violations(&platform, &facts, &defaults()), []);
}

#[test]
fn an_image_that_floats_is_refused_once() {
    for (spec, field_path) in [
        (json!({"images": {"tag": "latest"}}), "spec.images.tag"),
        (
            json!({"services": {"task": {"image": "registry/task"}}}),
            "spec.services.task.image",
        ),
        (
            json!({"images": {"postgres": "postgres:latest"}}),
            "spec.images.postgres",
        ),
        (json!({"images": {"redis": "redis"}}), "spec.images.redis"),
    ] {
        let found = told(spec.clone());
        let [(path, reason, _)] = found.as_slice() else {
            unreachable!("{spec}: {found:?}")
        };
        assert_eq!((path.as_str(), *reason), (field_path, INVALID_IMAGE));
    }
}

#[test]
fn a_violation_reads_alone() {
    let invalid = Invalid {
        violations: vec![
            Violation {
                field_path: "spec.a".into(),
                reason: INVALID_SPEC,
                message: "is bad".into(),
                next_action: String::new(),
            },
            Violation {
                field_path: "spec.b".into(),
                reason: INVALID_SPEC,
                message: "is worse".into(),
                next_action: String::new(),
            },
        ],
    };
    assert_eq!(invalid.to_string(), "spec.a: is bad; spec.b: is worse");
}
