//! Applications: images, switches, budgets, places, and those of the user's own.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

#[path = "../common/mod.rs"]
mod common;
mod extra_services;
mod images;
mod pods;
mod switches;
mod whatever_the_spec;

use common::{defaults, object, platform, rendered};
use serde_json::{Value, json};
use todoplatform_render::{ChildKind, Facts, INVALID_SPEC, validate};

fn pod(spec: &Value, app: &str) -> Value {
    let resources = rendered(&platform(spec.clone()));
    object(&resources, ChildKind::Deployment, &format!("todo-{app}"))["spec"]["template"].clone()
}

fn image(spec: &Value, app: &str) -> String {
    let pod = pod(spec, app);
    pod["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
}

/// Field paths and messages of what is refused.
fn refused(spec: Value) -> Vec<(String, String)> {
    let platform = platform(spec);
    let result = validate(&platform, &Facts::assumed(&platform), &defaults());
    let violations = result.err().map_or_else(Vec::new, |invalid| invalid.violations);
    violations
        .into_iter()
        .map(|violation| {
            assert!(!violation.next_action.is_empty(), "{violation}");
            assert_eq!(violation.reason, INVALID_SPEC);
            (violation.field_path, violation.message)
        })
        .collect()
}

fn shop(more: &Value) -> Value {
    let mut shop = json!({"name": "shop", "image": "acme/shop:1", "port": 9000});
    shop.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"extraServices": [shop]})
}
