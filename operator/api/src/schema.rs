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

/// Leaves the description to the field: that of an enum would take its place, and the field's names the default.
pub(crate) fn undescribed(schema: &mut Schema) {
    schema.remove("description");
}
