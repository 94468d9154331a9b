//! Step 4a: makes the generated Secrets that are missing. One that exists is never written again: a new password
//! would lock everybody out of the data behind it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use rand::CryptoRng;
use todoplatform_render::{SecretFact, SecretRecipe};

use crate::apply::FIELD_MANAGER;
use crate::generated::{RecipeError, secret_values};

/// A generated Secret could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EnsureSecretsError {
    /// The recipe cannot be followed.
    #[error("Secret {name}: its values cannot be made")]
    Recipe {
        /// Its name.
        name: String,
        /// Which value, and why.
        source: RecipeError,
    },
    /// Whose it is could not be written down.
    #[error("Secret {name}: the API server did not take its owner, labels or annotations")]
    Claim {
        /// Its name.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
    /// The API server did not take it.
    #[error("Secret {name}: the API server did not create it")]
    Create {
        /// Its name.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
}

/// A generated Secret that exists and lacks keys: somebody took them out, or made the Secret first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncompleteSecret {
    /// Its name.
    pub name: String,
    /// Keys that are missing, sorted.
    pub missing: Vec<String>,
}

/// Recipes whose Secret does not exist.
pub fn missing<'a>(
    recipes: &'a [SecretRecipe],
    existing: &BTreeMap<String, SecretFact>,
) -> Vec<&'a SecretRecipe> {
    recipes
        .iter()
        .filter(|recipe| !existing.contains_key(&recipe.name))
        .collect()
}

/// Secrets that exist without a key that their recipe has.
pub fn incomplete(
    recipes: &[SecretRecipe],
    existing: &BTreeMap<String, SecretFact>,
) -> Vec<IncompleteSecret> {
    recipes
        .iter()
        .filter_map(|recipe| {
            let fact = existing.get(&recipe.name)?;
            let missing: Vec<String> = recipe
                .values
                .keys()
                .filter(|key| !fact.keys.contains_key(*key))
                .cloned()
                .collect();
            (!missing.is_empty()).then(|| IncompleteSecret {
                name: recipe.name.clone(),
                missing,
            })
        })
        .collect()
}

/// Creates these Secrets. One that appeared meanwhile is left as it is.
pub async fn create(
    client: &Client,
    namespace: &str,
    recipes: &[&SecretRecipe],
    random: &mut impl CryptoRng,
) -> Result<(), EnsureSecretsError> {
    let api = Api::<Secret>::namespaced(client.clone(), namespace);
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.into()),
        ..PostParams::default()
    };
    for recipe in recipes {
        let name = recipe.name.clone();
        let secret = secret(recipe, random).map_err(|source| EnsureSecretsError::Recipe {
            name: name.clone(),
            source,
        })?;
        match api.create(&params, &secret).await {
            Ok(_) => tracing::info!(
                object.kind = "Secret",
                object.name = name,
                "created Secret {name}"
            ),
            Err(kube::Error::Api(status)) if status.is_already_exists() => {}
            Err(source) => {
                return Err(EnsureSecretsError::Create {
                    name,
                    source: Box::new(source),
                });
            }
        }
    }
    Ok(())
}

fn secret(recipe: &SecretRecipe, random: &mut impl CryptoRng) -> Result<Secret, RecipeError> {
    Ok(Secret {
        metadata: ObjectMeta {
            name: Some(recipe.name.clone()),
            labels: Some(recipe.labels.clone()),
            annotations: (!recipe.annotations.is_empty()).then(|| recipe.annotations.clone()),
            owner_references: (!recipe.owner_references.is_empty()).then(|| recipe.owner_references.clone()),
            ..ObjectMeta::default()
        },
        type_: Some("Opaque".into()),
        string_data: Some(secret_values(&recipe.values, random)?),
        ..Secret::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use todoplatform_render::SecretValue;

    fn recipe(name: &str, keys: &[&str]) -> SecretRecipe {
        SecretRecipe {
            name: name.into(),
            component: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            owner_references: vec![],
            values: keys
                .iter()
                .map(|key| ((*key).to_owned(), SecretValue::Password))
                .collect(),
        }
    }

    #[test]
    fn what_is_missing_is_made_and_what_is_incomplete_is_named() {
        let recipes = [
            recipe("todo-redis", &["password", "url"]),
            recipe("todo-postgres", &["task-url"]),
        ];
        let redis = SecretFact {
            keys: [("url".to_owned(), "hash".to_owned())].into(),
        };
        let existing = BTreeMap::from([("todo-redis".to_owned(), redis)]);
        let names: Vec<&str> = missing(&recipes, &existing)
            .iter()
            .map(|recipe| recipe.name.as_str())
            .collect();
        assert_eq!(names, ["todo-postgres"]);
        assert_eq!(
            incomplete(&recipes, &existing),
            [IncompleteSecret {
                name: "todo-redis".into(),
                missing: vec!["password".into()]
            }]
        );
    }
}
