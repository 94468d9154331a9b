//! Checks a resource as the API server does, without one: its schema, then its rules.

use std::sync::OnceLock;

use jsonschema::{ValidationError, error::ValidationErrorKind};
use kube::core::cel::{CompiledSchema, Validator, compile_schema};
use serde_json::{Value, json};

use crate::{TodoPlatform, crd, rules};

/// Something that the API server would refuse.
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
    let resource = serde_json::to_value(platform).unwrap_or_default();
    let Err(errors) = Validator::new().validate_compiled(compiled_rules(), &resource, None) else {
        return Vec::new();
    };
    errors
        .into_iter()
        .map(|error| {
            let rule = rules::ALL
                .iter()
                .find(|rule| rule.rule == error.rule && rule.message == error.message);
            Broken {
                // The rules on the whole resource are those on its name.
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

/// What the schema refuses in a resource of any form: unknown fields, wrong types, values out of bounds. Nothing of
/// its rules: those are for [`typed`].
pub fn untyped(resource: &Value) -> Vec<Broken> {
    strict_schema()
        .iter_errors(resource)
        .map(|error| broken(&error))
        .collect()
}

fn broken(error: &ValidationError<'_>) -> Broken {
    let field_path = dotted(error.instance_path().as_str());
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => Broken {
            message: format!("unknown field {}", unexpected.join(", ")),
            next_action:
                "Remove it, or correct its spelling: `kubectl explain tp.spec --recursive` lists every field"
                    .into(),
            // The resource as a whole has no path.
            field_path: if field_path.is_empty() {
                unexpected.join(", ")
            } else {
                field_path
            },
        },
        ValidationErrorKind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            let field_path = match field_path.as_str() {
                "" => property.to_owned(),
                parent => format!("{parent}.{property}"),
            };
            Broken {
                message: "required, and not there".into(),
                next_action: format!("Set {field_path}"),
                field_path,
            }
        }
        _ => Broken {
            message: error.to_string(),
            next_action: format!("Correct {field_path}"),
            field_path,
        },
    }
}

/// A JSON pointer as Kubernetes writes field paths (`/spec/env/0/name` is `spec.env[0].name`).
fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for segment in pointer.split('/').skip(1) {
        if segment.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push('[');
            path.push_str(segment);
            path.push(']');
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&segment.replace("~1", "/").replace("~0", "~"));
        }
    }
    path
}

fn compiled_rules() -> &'static CompiledSchema {
    static RULES: OnceLock<CompiledSchema> = OnceLock::new();
    RULES.get_or_init(|| compile_schema(&crd::schema()))
}

fn strict_schema() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = crd::schema();
        refuse_unknown(&mut schema);
        schema["properties"]["apiVersion"] = json!({"const": "todoplatform.dev/v1alpha1"});
        schema["properties"]["kind"] = json!({"const": "TodoPlatform"});
        // The server knows what belongs here.
        schema["properties"]["metadata"] = json!({"type": "object"});
        schema["properties"]["status"] = json!({"type": "object"});
        schema["required"] = json!(["apiVersion", "kind", "metadata", "spec"]);
        jsonschema::validator_for(&schema).expect("the CRD's schema is a JSON schema")
    })
}

/// Refuses, in every object, what is none of its fields; the server prunes it or refuses it, by the way of writing.
fn refuse_unknown(schema: &mut Value) {
    let Some(keywords) = schema.as_object_mut() else {
        return;
    };
    if let Some(fields) = keywords.get_mut("properties").and_then(Value::as_object_mut) {
        fields.values_mut().for_each(refuse_unknown);
        keywords.insert("additionalProperties".into(), json!(false));
    }
    if let Some(items) = keywords.get_mut("items") {
        refuse_unknown(items);
    }
}

#[cfg(test)]
mod tests {
    use super::dotted;

    #[test]
    fn pointers_become_field_paths() {
        assert_eq!(
            dotted("/spec/services/task/env/0/name"),
            "spec.services.task.env[0].name"
        );
        assert_eq!(dotted(""), "");
    }
}
