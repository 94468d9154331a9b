//! `render`: exactly what the operator would apply, without a cluster.

use std::path::Path;

use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{Facts, OperatorDefaults, SecretRecipe, build, validate};

use super::{CommandError, check, input};

/// All objects of all platforms of a file, as one text of many YAML documents in the order of apply.
pub fn render(file: &Path, namespace: &str, defaults: &OperatorDefaults) -> Result<String, CommandError> {
    let mut documents = Vec::new();
    for document in input::read(file).map_err(CommandError::Input)? {
        documents.extend(objects(&document, namespace, defaults)?);
    }
    let mut text = String::new();
    for document in documents {
        let yaml = serde_yaml::to_string(&document).map_err(|source| CommandError::Yaml { source })?;
        text.push_str("---\n");
        text.push_str(&yaml);
    }
    Ok(text)
}

fn objects(
    document: &Value,
    namespace: &str,
    defaults: &OperatorDefaults,
) -> Result<Vec<Value>, CommandError> {
    let name = document["metadata"]["name"]
        .as_str()
        .unwrap_or("TodoPlatform")
        .to_owned();
    let refused = |violations: &[todoplatform_render::Violation]| CommandError::Refused {
        name: name.clone(),
        violations: check::said(document, violations),
    };
    let violations = check::violations(document, defaults);
    if !violations.is_empty() {
        return Err(refused(&violations));
    }
    let mut platform: TodoPlatform =
        serde_json::from_value(document.clone()).map_err(|_unreadable| refused(&violations))?;
    let namespace = platform
        .metadata
        .namespace
        .get_or_insert_with(|| namespace.to_owned())
        .clone();
    let facts = facts(&platform);
    let validated = validate(&platform, &facts, defaults).map_err(|invalid| refused(&invalid.violations))?;
    let resources = build(&validated, &facts);
    let secrets = resources.secrets.iter().map(|recipe| secret(recipe, &namespace));
    Ok(secrets
        .chain(resources.children.into_iter().map(|child| child.object))
        .collect())
}

/// The world as taken without a cluster, with the services started: their Deployments are shown.
fn facts(platform: &TodoPlatform) -> Facts {
    Facts {
        started: true,
        ..Facts::assumed(platform)
    }
}

/// A generated Secret without its values: which keys it gets, and that the operator makes them.
fn secret(recipe: &SecretRecipe, namespace: &str) -> Value {
    let keys: Vec<&str> = recipe.values.keys().map(String::as_str).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": recipe.name,
            "namespace": namespace,
            "labels": recipe.labels,
            "annotations": {
                "todoplatform.dev/note": format!(
                    "Made once by the operator with random values for: {}. They are never shown.",
                    keys.join(", ")
                ),
            },
        },
        "type": "Opaque",
    })
}
