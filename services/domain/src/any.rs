//! Any JSON, in documents.

use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Any JSON, by the names of all its types: `utoipa` writes a schema without a type and then cannot read it.
pub(crate) struct AnyJson;

impl PartialSchema for AnyJson {
    fn schema() -> RefOr<Schema> {
        let types = [
            Type::Null,
            Type::Boolean,
            Type::Number,
            Type::String,
            Type::Array,
            Type::Object,
        ];
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter(types))
            .into()
    }
}

impl ToSchema for AnyJson {}
