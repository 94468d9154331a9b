//! A resource with one thing changed.

use serde_json::{Value, json};

/// A resource with one field of the spec changed or left out.
pub(super) struct Variation {
    /// The field (`spec.services.task.env[0].value`).
    pub(super) field_path: String,
    /// The whole resource, changed.
    pub(super) resource: Value,
}

/// Every field of the spec left out, and every value of it replaced.
pub(super) fn of_resource(resource: &Value, schema: &Value) -> Vec<Variation> {
    let mut variations = Vec::new();
    let place = Place {
        pointer: "/spec".into(),
        field_path: "spec".into(),
    };
    let schema = schema.pointer("/properties/spec");
    walk(resource, &place, schema, &mut variations);
    variations
}

struct Place {
    pointer: String,
    field_path: String,
}

fn walk(resource: &Value, place: &Place, schema: Option<&Value>, variations: &mut Vec<Variation>) {
    let Some(here) = resource.pointer(&place.pointer) else {
        return;
    };
    let mut vary = |changed: Value| {
        variations.push(Variation {
            field_path: place.field_path.clone(),
            resource: changed,
        });
    };
    if let Some(changed) = without(resource, &place.pointer) {
        vary(changed);
    }
    for other in values(here, schema) {
        let mut changed = resource.clone();
        if let Some(value) = changed.pointer_mut(&place.pointer) {
            *value = other;
            vary(changed);
        }
    }
    match here {
        Value::Object(map) => {
            for key in map.keys() {
                let below = schema.and_then(|schema| {
                    schema
                        .get("properties")
                        .and_then(|fields| fields.get(key))
                        .or_else(|| schema.get("additionalProperties"))
                });
                let escaped = key.replace('~', "~0").replace('/', "~1");
                let place = Place {
                    pointer: format!("{}/{escaped}", place.pointer),
                    field_path: format!("{}.{key}", place.field_path),
                };
                walk(resource, &place, below, variations);
            }
        }
        Value::Array(items) => {
            for index in 0..items.len() {
                let place = Place {
                    pointer: format!("{}/{index}", place.pointer),
                    field_path: format!("{}[{index}]", place.field_path),
                };
                walk(
                    resource,
                    &place,
                    schema.and_then(|schema| schema.get("items")),
                    variations,
                );
            }
        }
        _ => {}
    }
}

/// Other values of the same type; for a field with a list of values, the others of the list.
pub(super) fn values(value: &Value, schema: Option<&Value>) -> Vec<Value> {
    if let Some(all) = schema
        .and_then(|schema| schema.get("enum"))
        .and_then(Value::as_array)
    {
        return all.iter().filter(|other| *other != value).cloned().collect();
    }
    match value {
        Value::Bool(is) => vec![json!(!is)],
        Value::Number(number) => number
            .as_i64()
            .map(|number| vec![json!(number.saturating_add(1)), json!(number.saturating_sub(1))])
            .unwrap_or_default(),
        // Behind for names, before for quantities, whose unit stands behind.
        Value::String(text) => vec![json!(format!("{text}x")), json!(format!("1{text}"))],
        // An operator's default that is not set.
        Value::Null => vec![json!("Another")],
        _ => Vec::new(),
    }
}

/// The resource without what stands there.
fn without(resource: &Value, pointer: &str) -> Option<Value> {
    let (parent, last) = pointer.rsplit_once('/')?;
    let mut changed = resource.clone();
    match changed.pointer_mut(parent)? {
        Value::Object(map) => {
            map.remove(&last.replace("~1", "/").replace("~0", "~"))?;
        }
        Value::Array(items) => {
            let index: usize = last.parse().ok()?;
            items.remove(index);
        }
        _ => return None,
    }
    Some(changed)
}
