//! Step 4b: generated Secrets that exist follow `deletionPolicy` and come back to a platform that was restored: their
//! owner, labels and annotations are put right. What is in them is not touched.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Map, Value, json};
use todoplatform_api::annotations::DELETION_POLICY;
use todoplatform_render::SecretRecipe;

use crate::apply::FIELD_MANAGER;
use crate::ensure_secrets::EnsureSecretsError;

/// Metadata of one Secret, as it has to be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Amendment {
    /// Name of the Secret.
    pub name: String,
    /// The component that it belongs to.
    pub component: Option<String>,
    metadata: Map<String, Value>,
}

/// What has to be changed in the metadata of Secrets that exist; nothing when all is right.
pub fn amendments(
    recipes: &[SecretRecipe],
    existing: &BTreeMap<String, ObjectMeta>,
    uid: &str,
) -> Vec<Amendment> {
    recipes
        .iter()
        .filter_map(|recipe| amendment(recipe, existing.get(&recipe.name)?, uid))
        .collect()
}

fn amendment(recipe: &SecretRecipe, meta: &ObjectMeta, uid: &str) -> Option<Amendment> {
    let mut metadata = Map::new();
    let labels = meta.labels.clone().unwrap_or_default();
    if recipe
        .labels
        .iter()
        .any(|(key, value)| labels.get(key) != Some(value))
    {
        metadata.insert("labels".into(), json!(recipe.labels));
    }
    let wanted = recipe.annotations.get(DELETION_POLICY);
    if meta.annotations.as_ref().and_then(|all| all.get(DELETION_POLICY)) != wanted {
        metadata.insert("annotations".into(), json!({DELETION_POLICY: wanted}));
    }
    let owners = meta.owner_references.as_deref().unwrap_or_default();
    let is_owned = owners.iter().any(|owner| owner.uid == uid);
    if is_owned == recipe.owner_references.is_empty() {
        let others = owners.iter().filter(|owner| owner.uid != uid);
        let owners: Vec<&OwnerReference> = others.chain(&recipe.owner_references).collect();
        metadata.insert("ownerReferences".into(), json!(owners));
    }
    if metadata.is_empty() {
        return None;
    }
    // For this very object as it was read: owners are replaced as a whole.
    metadata.insert("uid".into(), json!(meta.uid));
    metadata.insert("resourceVersion".into(), json!(meta.resource_version));
    Some(Amendment {
        name: recipe.name.clone(),
        component: recipe.component.clone(),
        metadata,
    })
}

/// Changes the metadata of these Secrets.
pub async fn amend(
    client: &Client,
    namespace: &str,
    amendments: &[&Amendment],
) -> Result<(), EnsureSecretsError> {
    let api = Api::<Secret>::namespaced(client.clone(), namespace);
    let params = PatchParams {
        field_manager: Some(FIELD_MANAGER.into()),
        ..PatchParams::default()
    };
    for Amendment { name, metadata, .. } in amendments {
        let patch = Patch::Merge(json!({"metadata": metadata}));
        api.patch_metadata(name, &params, &patch)
            .await
            .map_err(|source| EnsureSecretsError::Claim {
                name: name.clone(),
                source: Box::new(source),
            })?;
        tracing::info!(
            object.kind = "Secret",
            object.name = name,
            "claimed Secret {name}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(is_owned: bool, mode: Option<&str>) -> SecretRecipe {
        let owner = OwnerReference {
            uid: "1".into(),
            name: "todo".into(),
            ..OwnerReference::default()
        };
        SecretRecipe {
            name: "todo-redis".into(),
            component: None,
            labels: [("a".to_owned(), "1".to_owned())].into(),
            annotations: mode
                .map(|mode| (DELETION_POLICY.to_owned(), mode.to_owned()))
                .into_iter()
                .collect(),
            owner_references: if is_owned { vec![owner] } else { vec![] },
            values: BTreeMap::new(),
        }
    }

    #[test]
    fn only_what_differs_is_changed_and_other_owners_stay() {
        let meta = |labels: Value, annotations: Value, owners: &[&str]| -> ObjectMeta {
            let owners: Vec<Value> = owners
                .iter()
                .map(|uid| json!({"apiVersion": "v1", "kind": "X", "name": "x", "uid": uid}))
                .collect();
            serde_json::from_value(json!({"name": "todo-redis", "uid": "9", "resourceVersion": "5",
                "labels": labels, "annotations": annotations, "ownerReferences": owners}))
            .unwrap()
        };
        let right = json!({"a": "1", "b": "2"});
        let cases = [
            (
                "right",
                recipe(true, None),
                meta(right.clone(), json!({}), &["1", "2"]),
                None,
            ),
            (
                "stripped",
                recipe(true, None),
                meta(json!({}), json!({}), &[]),
                Some(vec!["labels", "ownerReferences"]),
            ),
            (
                "let go",
                recipe(false, Some("Retain")),
                meta(right.clone(), json!({}), &["1"]),
                Some(vec!["annotations", "ownerReferences"]),
            ),
            (
                "retained",
                recipe(false, Some("Retain")),
                meta(right.clone(), json!({DELETION_POLICY: "Retain"}), &[]),
                None,
            ),
            (
                "taken back",
                recipe(true, None),
                meta(right, json!({DELETION_POLICY: "Retain"}), &["2"]),
                Some(vec!["annotations", "ownerReferences"]),
            ),
        ];
        for (name, recipe, meta, expected) in cases {
            let found = amendment(&recipe, &meta, "1");
            let keys = found.as_ref().map(|found| {
                let keys = found.metadata.keys().map(String::as_str);
                keys.filter(|key| !["uid", "resourceVersion"].contains(key))
                    .collect::<Vec<_>>()
            });
            assert_eq!(keys, expected, "{name}");
            if name == "taken back" {
                let owners = &found.unwrap().metadata["ownerReferences"];
                assert_eq!((&owners[0]["uid"], &owners[1]["uid"]), (&json!("2"), &json!("1")));
            }
        }
    }
}
