//! The whole render of each sample, byte for byte; of the rules, which are long and much alike, only the names: they have
//! a file of their own.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use std::{fmt::Write, path::Path};

use common::{everything_external, platform, rendered, sample};
use serde_json::Value;
use todoplatform_api::TodoPlatform;
use todoplatform_render::ChildKind;

fn text(platform: &TodoPlatform) -> String {
    let resources = rendered(platform);
    let mut text = String::new();
    for recipe in &resources.secrets {
        writeln!(text, "# Secret {}", recipe.name).unwrap();
        for (key, value) in &recipe.values {
            writeln!(text, "#   {key}: {value:?}").unwrap();
        }
    }
    for child in &resources.children {
        if child.kind == ChildKind::PrometheusRule {
            writeln!(text, "---\n# PrometheusRule {}", child.name).unwrap();
            continue;
        }
        let object = without_dashboard(child.object.clone());
        writeln!(
            text,
            "---\n{}",
            serde_yaml::to_string(&object).unwrap().trim_end()
        )
        .unwrap();
    }
    text
}

/// A dashboard is the same for every platform but for names: one stands in full in a file of its own.
fn without_dashboard(mut object: Value) -> Value {
    let file = |name: &str| {
        Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "json")
    };
    let in_map = object.get_mut("data").and_then(Value::as_object_mut);
    let in_map = in_map.into_iter().flatten().filter(|(name, _)| file(name));
    for (_, content) in in_map {
        *content = "a dashboard".into();
    }
    if let Some(content) = object.pointer_mut("/spec/json") {
        *content = "a dashboard".into();
    }
    object
}

#[test]
fn development() {
    insta::assert_snapshot!(text(&sample("development.yaml")));
}

#[test]
fn external_services() {
    insta::assert_snapshot!(text(&sample("external-services.yaml")));
}

#[test]
fn database_external() {
    insta::assert_snapshot!(text(&sample("database-external.yaml")));
}

#[test]
fn database_cloudnativepg() {
    insta::assert_snapshot!(text(&sample("database-cloudnativepg.yaml")));
}

#[test]
fn cache() {
    insta::assert_snapshot!(text(&sample("cache.yaml")));
}

#[test]
fn services() {
    insta::assert_snapshot!(text(&sample("services.yaml")));
}

#[test]
fn images() {
    insta::assert_snapshot!(text(&sample("images.yaml")));
}

#[test]
fn extra_service() {
    insta::assert_snapshot!(text(&sample("extra-service.yaml")));
}

#[test]
fn production_with_everything_external() {
    insta::assert_snapshot!(text(&platform(everything_external())));
}

#[test]
fn observability() {
    insta::assert_snapshot!(text(&sample("observability.yaml")));
}

#[test]
fn dapr() {
    insta::assert_snapshot!(text(&sample("dapr.yaml")));
}

#[test]
fn network_policy() {
    insta::assert_snapshot!(text(&sample("network-policy.yaml")));
}
