//! The way in: Ingress, HTTPRoute, those of the user's own apps, CORS, limits by class of routes, and where the platform says that it answers.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod apps;
#[path = "../common/mod.rs"]
mod common;
mod places;
mod settings;

use common::platform;
use serde_json::{Value, json};

#[expect(
    clippy::needless_pass_by_value,
    reason = "a section is written where it is used"
)]
fn gateway(section: Value) -> todoplatform_api::TodoPlatform {
    platform(json!({"gateway": section}))
}

/// A platform with this `spec.gateway` and apps of the user's own, called `a`, `b`, … on port 9000.
fn with_apps(gateway: &Value, apps: &[Value]) -> Value {
    let named = apps.iter().zip('a'..).map(|(more, name)| {
        let mut app = json!({"name": name, "image": "acme/app:1", "port": 9000});
        app.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        app
    });
    json!({"gateway": gateway, "extraServices": named.collect::<Vec<_>>()})
}
