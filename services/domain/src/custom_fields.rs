//! What users keep with a task that the platform does not know.

use serde_json::{Map, Value};

use crate::Violation;

/// A JSON object.
pub type CustomFields = Map<String, Value>;

/// Largest, in bytes of compact JSON.
pub const CUSTOM_FIELDS_MAX_BYTES: usize = 16 * 1024;
/// Most members, at all levels together.
pub const CUSTOM_FIELDS_MAX_KEYS: usize = 100;
/// Longest name of a member, in characters.
pub const CUSTOM_FIELDS_KEY_MAX_CHARS: usize = 64;
/// Deepest nesting; a member whose value is no object and no array is 1 deep.
pub const CUSTOM_FIELDS_MAX_DEPTH: usize = 4;

const POINTER: &str = "/custom_fields";

/// Adds what is wrong with `fields` to `violations`.
pub(crate) fn validate(fields: &CustomFields, violations: &mut Vec<Violation>) {
    let mut seen = Seen::default();
    seen.object(POINTER, fields, 1);
    let bytes = serde_json::to_string(fields).map_or(usize::MAX, |text| text.len());
    if bytes > CUSTOM_FIELDS_MAX_BYTES {
        let detail = format!("the custom fields have {bytes} bytes; {CUSTOM_FIELDS_MAX_BYTES} is the most");
        seen.violations.push(Violation::new(POINTER, "too_long", detail));
    }
    if seen.keys > CUSTOM_FIELDS_MAX_KEYS {
        let detail = format!("{} members; {CUSTOM_FIELDS_MAX_KEYS} is the most", seen.keys);
        seen.violations.push(Violation::new(POINTER, "too_many", detail));
    }
    violations.append(&mut seen.violations);
}

/// `fields` after the merge patch `patch` (RFC 7396): `null` removes a member, objects are merged, all else replaces.
pub(crate) fn merged(fields: &CustomFields, patch: &CustomFields) -> CustomFields {
    let mut merged = fields.clone();
    for (key, asked) in patch {
        match asked {
            Value::Null => {
                merged.remove(key);
            }
            Value::Object(asked) => {
                let present = merged.get(key).and_then(Value::as_object).cloned();
                let inner = self::merged(&present.unwrap_or_default(), asked);
                merged.insert(key.clone(), Value::Object(inner));
            }
            other => {
                merged.insert(key.clone(), other.clone());
            }
        }
    }
    merged
}

/// What a walk through the fields has seen.
#[derive(Default)]
struct Seen {
    keys: usize,
    violations: Vec<Violation>,
}

impl Seen {
    fn object(&mut self, pointer: &str, object: &CustomFields, depth: usize) {
        self.keys += object.len();
        for (key, value) in object {
            let place = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
            if key.is_empty() || key.chars().count() > CUSTOM_FIELDS_KEY_MAX_CHARS {
                let detail = format!("a name has 1 to {CUSTOM_FIELDS_KEY_MAX_CHARS} characters");
                self.violations.push(Violation::new(pointer, "bad_name", detail));
            }
            if key.contains('\0') {
                self.zero(pointer);
            }
            self.value(&place, value, depth);
        }
    }

    fn value(&mut self, pointer: &str, value: &Value, depth: usize) {
        let is_nested = value.is_object() || value.is_array();
        if is_nested && depth >= CUSTOM_FIELDS_MAX_DEPTH {
            let detail = format!("nested more than {CUSTOM_FIELDS_MAX_DEPTH} deep");
            self.violations.push(Violation::new(pointer, "too_deep", detail));
            return;
        }
        match value {
            Value::Object(object) => self.object(pointer, object, depth + 1),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(&format!("{pointer}/{index}"), item, depth + 1);
                }
            }
            Value::String(text) if text.contains('\0') => self.zero(pointer),
            _ => {}
        }
    }

    /// PostgreSQL cannot keep U+0000.
    fn zero(&mut self, pointer: &str) {
        let detail = "no text may contain the character U+0000";
        self.violations
            .push(Violation::new(pointer, "control_character", detail));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> CustomFields {
        match value {
            Value::Object(map) => map,
            other => panic!("an object is expected: {other}"),
        }
    }

    fn refused(value: Value) -> Vec<(String, &'static str)> {
        let mut violations = Vec::new();
        validate(&fields(value), &mut violations);
        violations
            .into_iter()
            .map(|found| (found.pointer, found.code))
            .collect()
    }

    #[test]
    fn each_bound_is_named_with_its_place() {
        let many = |count: usize| Value::Object((0..count).map(|n| (n.to_string(), json!(n))).collect());
        let table = [
            (json!({}), vec![]),
            (json!({"a": {"b": {"c": {"d": 1}}}}), vec![]),
            (
                json!({"a": {"b": [{"d": []}]}}),
                vec![("/custom_fields/a/b/0/d", "too_deep")],
            ),
            (
                json!({"a": {"b": {"c": {"d": {}}}}}),
                vec![("/custom_fields/a/b/c/d", "too_deep")],
            ),
            (json!({"": 1}), vec![("/custom_fields", "bad_name")]),
            (json!({"x".repeat(64): 1}), vec![]),
            (json!({"x".repeat(65): 1}), vec![("/custom_fields", "bad_name")]),
            (
                json!({"a/b": ["\0"]}),
                vec![("/custom_fields/a~1b/0", "control_character")],
            ),
            (many(100), vec![]),
            (many(101), vec![("/custom_fields", "too_many")]),
            (json!({"a": "x".repeat(16_376)}), vec![]),
            (
                json!({"a": "x".repeat(16_377)}),
                vec![("/custom_fields", "too_long")],
            ),
        ];
        for (value, expected) in table {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(place, code)| (place.to_owned(), code))
                .collect();
            assert_eq!(refused(value.clone()), expected, "{value}");
        }
    }

    #[test]
    fn a_patch_merges_as_rfc_7396_says() {
        // Rows of the table in its appendix A that are about objects.
        let table = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ];
        for (before, patch, after) in table {
            assert_eq!(
                merged(&fields(before.clone()), &fields(patch)),
                fields(after),
                "{before}"
            );
        }
    }
}
