//! JSON schemas of every kind that the API server serves, from its own `OpenAPI` document.
//!
//! Judges that take schemas from the network judge by whatever is there that day; these are the server's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::cluster::Cluster;
use crate::dirs;

/// Writes `<kind>-<group>-<version>.json` for every kind, all in lower case.
pub(super) fn write(cluster: &Cluster<'_>, folder: &Path) -> Result<()> {
    let document = cluster.kubectl().args(["get", "--raw", "/openapi/v2"]).output()?;
    let document: Value = serde_json::from_str(&document).context("the OpenAPI document does not read")?;
    let definitions = document["definitions"]
        .as_object()
        .context("the OpenAPI document has no definitions")?;
    dirs::make(folder)?;
    for (file, schema) in schemas(definitions) {
        dirs::write(&folder.join(file), schema.to_string())?;
    }
    Ok(())
}

/// One closed schema per kind, by file name.
fn schemas(definitions: &Map<String, Value>) -> BTreeMap<String, Value> {
    let strict: BTreeMap<&str, Value> = definitions
        .iter()
        .map(|(name, definition)| (name.as_str(), strict(name, definition)))
        .collect();
    let mut schemas = BTreeMap::new();
    for (name, definition) in definitions {
        for kind in definition["x-kubernetes-group-version-kind"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let word = |key: &str| kind[key].as_str().unwrap_or_default().to_lowercase();
            let used: Map<String, Value> = closure(name, &strict)
                .into_iter()
                .filter_map(|used| Some((used.to_owned(), strict.get(used)?.clone())))
                .collect();
            let schema = json!({"$ref": format!("#/definitions/{name}"), "definitions": used});
            // kubeconform takes the version for the group of the kinds that have none.
            let group = Some(word("group"))
                .filter(|group| !group.is_empty())
                .unwrap_or_else(|| word("version"));
            schemas.insert(
                format!("{}-{group}-{}.json", word("kind"), word("version")),
                schema,
            );
        }
    }
    schemas
}

/// The definitions that one reaches.
fn closure<'a>(name: &'a str, definitions: &'a BTreeMap<&str, Value>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        if reached.insert(next)
            && let Some(definition) = definitions.get(next)
        {
            references(definition, &mut open);
        }
    }
    reached
}

fn references<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    match schema {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str) {
                found.extend(name.strip_prefix("#/definitions/"));
            }
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// The definition without room for unknown fields, and with what `OpenAPI` 2 cannot say.
fn strict(name: &str, definition: &Value) -> Value {
    if name.ends_with(".api.resource.Quantity") {
        return json!({"type": ["string", "number"]});
    }
    let Value::Object(object) = definition else {
        return definition.clone();
    };
    let says = |key: &str| object.get(key) == Some(&Value::Bool(true));
    if says("x-kubernetes-int-or-string")
        || object.get("format").and_then(Value::as_str) == Some("int-or-string")
    {
        return json!({"type": ["string", "integer"]});
    }
    let mut strict: Map<String, Value> = object
        .iter()
        .filter(|(key, _)| !key.starts_with("x-"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(Value::Object(properties)) = object.get("properties") {
        let properties: Map<String, Value> = properties
            .iter()
            .map(|(key, value)| (key.clone(), self::strict("", value)))
            .collect();
        strict.insert("properties".into(), properties.into());
        if !object.contains_key("additionalProperties") && !says("x-kubernetes-preserve-unknown-fields") {
            strict.insert("additionalProperties".into(), false.into());
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = object.get(key) {
            strict.insert(key.into(), self::strict("", inner));
        }
    }
    strict.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Map<String, Value> {
        let document = json!({
            "io.k8s.api.apps.v1.Deployment": {
                "type": "object",
                "x-kubernetes-group-version-kind": [{"group": "apps", "version": "v1", "kind": "Deployment"}],
                "properties": {
                    "kind": {"type": "string"},
                    "spec": {"$ref": "#/definitions/Spec"},
                    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"a": {"type": "string"}}},
                },
            },
            "Spec": {"type": "object", "properties": {"port": {"type": "string", "format": "int-or-string"}, "again": {"$ref": "#/definitions/Spec"}}},
            "Unused": {"type": "string"},
        });
        document.as_object().unwrap().clone()
    }

    #[test]
    fn every_kind_has_a_closed_schema_with_just_what_it_reaches() {
        let schemas = schemas(&document());
        let schema = &schemas["deployment-apps-v1.json"];
        assert_eq!(schemas.len(), 1);
        assert_eq!(schema["$ref"], "#/definitions/io.k8s.api.apps.v1.Deployment");
        let definitions = schema["definitions"].as_object().unwrap();
        assert_eq!(
            definitions.keys().collect::<Vec<_>>(),
            ["Spec", "io.k8s.api.apps.v1.Deployment"]
        );
        assert_eq!(definitions["Spec"]["additionalProperties"], false);
        assert_eq!(
            definitions["Spec"]["properties"]["port"],
            json!({"type": ["string", "integer"]})
        );
    }

    #[test]
    fn what_may_hold_anything_stays_open() {
        let schemas = schemas(&document());
        let free = &schemas["deployment-apps-v1.json"]["definitions"]["io.k8s.api.apps.v1.Deployment"]["properties"]
            ["free"];
        assert!(free.get("additionalProperties").is_none(), "{free}");
    }

    #[test]
    fn amounts_may_be_numbers() {
        assert_eq!(
            strict(
                "io.k8s.apimachinery.pkg.api.resource.Quantity",
                &json!({"type": "string"})
            ),
            json!({"type": ["string", "number"]})
        );
    }
}
