//! Schemas that attributes cannot express.

use schemars::{Schema, SchemaGenerator, json_schema};

/// A bounded map of label keys to label values.
pub(crate) fn label_map(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 16,
        "additionalProperties": {
            "type": "string",
            "maxLength": 63,
            "pattern": "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"
        }
    })
}

/// A bounded map of annotation keys to texts.
pub(crate) fn annotation_map(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": { "type": "string", "maxLength": 4096 }
    })
}

/// A bounded map of component names to digests.
pub(crate) fn digest_map(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 16,
        "additionalProperties": { "type": "string", "maxLength": 71, "pattern": "^sha256:[a-f0-9]{64}$" }
    })
}

/// An object of any keys: a service says itself which it takes.
pub(crate) fn free_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "x-kubernetes-preserve-unknown-fields": true
    })
}

/// Leaves the description to the field: that of an enum would take its place, and the field's names the default.
pub(crate) fn undescribed(schema: &mut Schema) {
    schema.remove("description");
}
