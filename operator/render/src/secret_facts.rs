//! What a pass keeps of the Secrets and ConfigMaps that it read: which of the referenced keys are there, and hashes.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{ALL_KEYS, References, SecretFact, SecretReference};

/// Which of the referenced keys are there, each with a hash of its value.
pub fn secret_facts(
    references: &References,
    found: &BTreeMap<String, Secret>,
    platform_uid: &str,
) -> BTreeMap<String, SecretFact> {
    let mut facts = BTreeMap::<String, SecretFact>::new();
    for SecretReference { name, key, .. } in &references.secrets {
        let Some(secret) = found.get(name) else { continue };
        let fact = facts.entry(name.clone()).or_default();
        if key == ALL_KEYS {
            let hash = hash_all(platform_uid, secret.data.as_ref());
            fact.keys.insert(key.clone(), hash);
        } else if let Some(value) = secret.data.as_ref().and_then(|data| data.get(key)) {
            fact.keys.insert(key.clone(), hash(platform_uid, &value.0));
        }
    }
    facts
}

/// A hash of what a ConfigMap holds.
pub fn config_map_hash(map: &ConfigMap, platform_uid: &str) -> String {
    hash_all(platform_uid, Some(&(&map.data, &map.binary_data)))
}

/// A hash of every key and value, in the order of the keys.
fn hash_all<T: Serialize>(platform_uid: &str, data: Option<&T>) -> String {
    hash(platform_uid, serde_json::json!(data).to_string().as_bytes())
}

/// A hash that tells values apart and does not tell that two platforms share one.
fn hash(platform_uid: &str, value: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(platform_uid.len().to_be_bytes());
    hash.update(platform_uid);
    hash.update(value);
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::ByteString;

    fn reference(name: &str, key: &str) -> SecretReference {
        SecretReference {
            name: name.into(),
            key: key.into(),
            field_path: "spec.x".into(),
            optional: false,
        }
    }

    #[test]
    fn facts_hold_referenced_keys_only_and_never_a_value() {
        let secret = Secret {
            data: Some(
                [("url", "canary-value"), ("other", "canary-value")]
                    .map(|(key, value)| (key.to_owned(), ByteString(value.into())))
                    .into(),
            ),
            ..Secret::default()
        };
        let found = BTreeMap::from([("db".to_owned(), secret)]);
        let references = References {
            secrets: vec![
                reference("db", "url"),
                reference("db", "absent"),
                reference("gone", "url"),
            ],
            ..References::default()
        };
        let facts = secret_facts(&references, &found, "uid-1");
        assert_eq!(facts.keys().collect::<Vec<_>>(), ["db"]);
        assert_eq!(facts["db"].keys.keys().collect::<Vec<_>>(), ["url"]);
        assert!(!format!("{facts:?}").contains("canary"));
    }

    #[test]
    fn a_hash_moves_with_the_value_and_with_the_platform() {
        assert_eq!(hash("uid-1", b"a"), hash("uid-1", b"a"));
        assert_ne!(hash("uid-1", b"a"), hash("uid-1", b"b"));
        assert_ne!(hash("uid-1", b"a"), hash("uid-2", b"a"));
    }
}
