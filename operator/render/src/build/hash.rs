//! The hash in a service's pod template: what the pod reads only at its start is in it, so that a change of that, and of
//! nothing else, restarts the pod.

use k8s_openapi::api::core::v1::EnvVar;
use serde_json::Value;
use sha2::{Digest, Sha256};
use todoplatform_api::SecretKeyRef;

use crate::{Child, Facts};

/// The hash over a service's configuration, its Dapr objects and the keys of Secrets and ConfigMaps that it refers to.
pub(super) fn config_hash(
    configuration: &str,
    dapr_objects: &[&Child],
    secrets: &[SecretKeyRef],
    config_maps: &[&str],
    facts: &Facts,
) -> String {
    let mut digest = Sha256::new();
    field(&mut digest, configuration);
    for child in dapr_objects {
        field(&mut digest, child.kind.as_str());
        field(&mut digest, &child.name);
        value(&mut digest, &content(&child.object));
    }
    let mut secrets: Vec<_> = secrets.iter().collect();
    secrets.sort();
    secrets.dedup();
    for SecretKeyRef { name, key } in secrets {
        field(&mut digest, name);
        field(&mut digest, key);
        let hash = facts.secrets.get(name).and_then(|secret| secret.keys.get(key));
        field(&mut digest, hash.map_or("absent", String::as_str));
    }
    for name in config_maps {
        field(&mut digest, name);
        let hash = facts.config_maps.get(*name);
        field(&mut digest, hash.map_or("absent", String::as_str));
    }
    hex::encode(digest.finalize())
}

/// What a sidecar reads of an object: all of it but what it is called and carries for others.
fn content(object: &Value) -> Value {
    let mut content = object.clone();
    if let Some(fields) = content.as_object_mut() {
        fields.retain(|name, _| !["apiVersion", "kind", "metadata"].contains(&name.as_str()));
    }
    content
}

/// The hash of a value, whatever order its maps keep.
pub(super) fn json_hash(json: &Value) -> String {
    let mut digest = Sha256::new();
    value(&mut digest, json);
    hex::encode(digest.finalize())
}

/// The Secret's key that a variable takes its value from.
pub(super) fn secret_key(variable: &EnvVar) -> Option<SecretKeyRef> {
    let selector = variable.value_from.as_ref()?.secret_key_ref.as_ref()?;
    Some(SecretKeyRef {
        name: selector.name.clone(),
        key: selector.key.clone(),
    })
}

/// A text with its length before it, so that no two lists of texts have the same bytes.
fn field(digest: &mut Sha256, text: &str) {
    digest.update(text.len().to_le_bytes());
    digest.update(text);
}

/// A value with its keys in order, whatever order the map itself keeps.
fn value(digest: &mut Sha256, json: &Value) {
    match json {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            field(digest, "{");
            for (key, entry) in entries {
                field(digest, key);
                value(digest, entry);
            }
            field(digest, "}");
        }
        Value::Array(items) => {
            field(digest, "[");
            for item in items {
                value(digest, item);
            }
            field(digest, "]");
        }
        scalar => field(digest, &scalar.to_string()),
    }
}
