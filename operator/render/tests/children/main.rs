//! What must hold of every child, whatever the spec.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

#[path = "../common/mod.rs"]
mod common;
mod dapr;
mod identity;
mod pods;

use common::{everything_external, named, platform, sample};
use serde_json::json;
use todoplatform_api::TodoPlatform;

fn all() -> Vec<TodoPlatform> {
    vec![
        sample("development.yaml"),
        sample("external-services.yaml"),
        platform(everything_external()),
        platform(
            json!({"broker": {"redis": {"external": {"host": "redis:6379"}}}, "cache": {"embedded": {}}}),
        ),
        named(&"x".repeat(40), json!({})),
    ]
}
