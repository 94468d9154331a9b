//! What counts as a breaking change of the CRD, and what does not.

use serde_json::{Value, json};
use todoplatform_api::{breakages, crd};

fn with(schema: &Value) -> Value {
    json!({"spec": {
        "group": "g", "scope": "Namespaced", "names": {"kind": "K", "plural": "ks"},
        "versions": [{
            "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"properties": {"spec": schema}}},
        }],
    }})
}

/// The breakages between two schemas of `spec`.
fn between(older: &Value, newer: &Value) -> Vec<String> {
    breakages(&with(older), &with(newer))
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_crd_breaks_nothing_of_itself() {
    let crd = serde_json::to_value(crd()).unwrap();
    assert_eq!(breakages(&crd, &crd), []);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn whoever_takes_less_is_named() {
    let object = |fields: Value| json!({"type": "object", "properties": fields});
    let text = |more: Value| {
        let mut schema = json!({"type": "string"});
        schema
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"type": "object", "properties": {"a": schema}})
    };
    let cases = [
        (
            "removed field",
            object(json!({"a": {}, "b": {}})),
            object(json!({"a": {}})),
            "spec.b: the field is gone",
        ),
        (
            "another type",
            text(json!({})),
            object(json!({"a": {"type": "integer"}})),
            "spec.a: the type was \"string\", is \"integer\"",
        ),
        (
            "a value less",
            text(json!({"enum": ["x", "y"]})),
            text(json!({"enum": ["x"]})),
            "spec.a: \"y\" is no longer a value",
        ),
        (
            "values where there was free text",
            text(json!({})),
            text(json!({"enum": ["x"]})),
            "spec.a: only some values are taken",
        ),
        (
            "a lower bound from above",
            text(json!({"maxLength": 9})),
            text(json!({"maxLength": 8})),
            "spec.a: maxLength was 9, is 8",
        ),
        (
            "a bound where there was none",
            text(json!({})),
            text(json!({"maxLength": 8})),
            "spec.a: maxLength is new: 8",
        ),
        (
            "a higher bound from below",
            text(json!({"minLength": 1})),
            text(json!({"minLength": 2})),
            "spec.a: minLength was 1, is 2",
        ),
        (
            "another pattern",
            text(json!({"pattern": "a"})),
            text(json!({"pattern": "b"})),
            "spec.a: pattern was \"a\", is \"b\"",
        ),
        (
            "newly required",
            object(json!({"a": {}})),
            json!({"type": "object", "properties": {"a": {}}, "required": ["a"]}),
            "spec.a: the field is required now",
        ),
        (
            "a new rule",
            object(json!({})),
            json!({"type": "object", "x-kubernetes-validations": [{"rule": "has(self.a)"}]}),
            "spec: a new rule: has(self.a)",
        ),
        (
            "null",
            text(json!({"nullable": true})),
            text(json!({})),
            "spec.a: null is no longer taken",
        ),
        (
            "a list that merges otherwise",
            json!({"type": "array", "items": {}}),
            json!({"type": "array", "items": {}, "x-kubernetes-list-type": "map"}),
            "spec: x-kubernetes-list-type was null, is \"map\"",
        ),
        (
            "an alternative less",
            json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            json!({"oneOf": [{"required": ["a"]}]}),
            "spec: oneOf takes less",
        ),
        (
            "below a list",
            json!({"type": "array", "items": {"properties": {"a": {}}}}),
            json!({"type": "array", "items": {"properties": {}}}),
            "spec[].a: the field is gone",
        ),
        (
            "below a map",
            json!({"additionalProperties": {"type": "string"}}),
            json!({"additionalProperties": {"type": "string", "maxLength": 3}}),
            "spec{}: maxLength is new: 3",
        ),
        (
            "a default",
            text(json!({})),
            text(json!({"default": "x"})),
            "spec.a: default was null, is \"x\"",
        ),
    ];
    for (name, older, newer, expected) in cases {
        assert_eq!(between(&older, &newer), [expected], "{name}");
    }
}

#[test]
fn whoever_takes_more_is_welcome() {
    let cases = [
        (
            "a new field, with whatever rules",
            json!({"properties": {}}),
            json!({"properties": {"a": {"type": "object", "required": ["b"], "properties": {"b": {"pattern": "x"}}}}}),
        ),
        (
            "a value more",
            json!({"type": "string", "enum": ["x"]}),
            json!({"type": "string", "enum": ["x", "y"]}),
        ),
        (
            "wider bounds",
            json!({"maxLength": 8, "minLength": 2}),
            json!({"maxLength": 9, "minLength": 1}),
        ),
        (
            "no pattern, no rule, no bound any more",
            json!({"pattern": "x", "maxItems": 3, "x-kubernetes-validations": [{"rule": "true"}]}),
            json!({}),
        ),
        ("no longer required", json!({"required": ["a"]}), json!({})),
        (
            "an alternative more",
            json!({"oneOf": [{"required": ["a"]}]}),
            json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
        ),
        (
            "other words",
            json!({"description": "a"}),
            json!({"description": "b"}),
        ),
    ];
    for (name, older, newer) in cases {
        assert_eq!(between(&older, &newer), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn versions_and_names_stay() {
    let older = with(&json!({}));
    let change = |pointer: &str, value: Value| {
        let mut newer = older.clone();
        *newer.pointer_mut(pointer).unwrap() = value;
        let found: Vec<String> = breakages(&older, &newer)
            .iter()
            .map(ToString::to_string)
            .collect();
        found.join("; ")
    };
    let cases = [
        (
            change("/spec/versions/0/name", json!("v2")),
            "v1: the version is gone",
        ),
        (
            change("/spec/versions/0/served", json!(false)),
            "v1: the version is no longer served",
        ),
        (
            change("/spec/versions/0/storage", json!(false)),
            "v1: the version is no longer the stored one",
        ),
        (
            change("/spec/versions/0/subresources", json!({})),
            "v1: the status subresource is gone",
        ),
        (
            change("/spec/names/plural", json!("kks")),
            "names.plural: was \"ks\", is \"kks\"",
        ),
        (
            change("/spec/scope", json!("Cluster")),
            "scope: was \"Namespaced\", is \"Cluster\"",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}
