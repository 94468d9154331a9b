//! Checks a resource as the API server does, without one.

use std::sync::OnceLock;

use kube::core::cel::Validator;
use serde_json::Value;

use crate::{TodoPlatform, crd, rules};

/// A rule that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The field at fault (`spec.database`).
    pub field_path: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// What the user does about it.
    pub next_action: String,
}

/// The CEL rules that the resource breaks, by the very texts of the CRD.
pub fn typed(platform: &TodoPlatform) -> Vec<Broken> {
    // A resource of our own types always serialises; one that did not would be refused as empty.
    cel(&serde_json::to_value(platform).unwrap_or_default())
}

fn cel(resource: &Value) -> Vec<Broken> {
    let Err(errors) = Validator::new().validate(schema(), resource, None) else {
        return Vec::new();
    };
    errors
        .into_iter()
        .map(|error| {
            let rule = rules::ALL
                .iter()
                .find(|rule| rule.rule == error.rule && rule.message == error.message);
            Broken {
                field_path: if error.field_path.is_empty() {
                    "metadata.name".into()
                } else {
                    error.field_path
                },
                message: error.message,
                next_action: rule.map_or("", |rule| rule.next_action).into(),
            }
        })
        .collect()
}

fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(crd::schema)
}
