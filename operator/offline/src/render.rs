//! `render`: exactly what the operator would apply.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{Facts, OperatorDefaults, SecretRecipe, Violation, build, validate};

use crate::check;
use crate::input::Document;

/// Why nothing is rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The platform is refused.
    #[error("TodoPlatform {name} is refused:\n{}", lines(violations))]
    Refused {
        /// Its name.
        name: String,
        /// Why: each fault.
        violations: Vec<Violation>,
    },
    /// The result cannot be written as YAML.
    #[error("the result cannot be written as YAML")]
    Yaml {
        /// What the writer said.
        source: serde_yaml::Error,
    },
    /// A file cannot be written.
    #[error("{}: cannot be written", file.display())]
    Unwritable {
        /// Which one.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Two objects would have the same file. Nothing was written.
    #[error("{}: two objects of the same kind and name", file.display())]
    Twice {
        /// Which one.
        file: PathBuf,
    },
}

impl RenderError {
    /// What to do about it.
    pub fn next_action(&self) -> String {
        match self {
            Self::Refused { .. } => {
                "correct each of these fields; `kubectl todo check -f FILE` tells them too".into()
            }
            Self::Yaml { .. } => "this is a defect: report it with the resource".into(),
            Self::Unwritable { .. } => "name a folder that can be written to".into(),
            Self::Twice { .. } => "give each TodoPlatform of a namespace a name of its own".into(),
        }
    }
}

fn lines(violations: &[Violation]) -> String {
    let line = |violation: &Violation| {
        let next = match violation.next_action.as_str() {
            "" => String::new(),
            next => format!("\n    next: {next}"),
        };
        format!("  {} {violation}{next}", violation.reason)
    };
    violations.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// All objects of one platform of a file, in the order of apply.
pub fn of_document(
    document: &Document,
    namespace: &str,
    defaults: &OperatorDefaults,
) -> Result<Vec<Value>, RenderError> {
    let (platform, _settings) =
        check::accepted(&document.resource, defaults).map_err(|violations| RenderError::Refused {
            name: check::name(&document.resource),
            violations,
        })?;
    let platform = in_namespace(platform, namespace);
    objects(&platform, &assumed(&platform), defaults)
}

/// The platform in `namespace`, unless it names one itself.
pub fn in_namespace(mut platform: TodoPlatform, namespace: &str) -> TodoPlatform {
    platform
        .metadata
        .namespace
        .get_or_insert_with(|| namespace.to_owned());
    platform
}

/// The world as taken without a cluster, with the services started: their Deployments are shown.
pub fn assumed(platform: &TodoPlatform) -> Facts {
    Facts {
        started: true,
        ..Facts::assumed(platform)
    }
}

/// All objects of a platform in the world that `facts` tell, in the order of apply.
pub fn objects(
    platform: &TodoPlatform,
    facts: &Facts,
    defaults: &OperatorDefaults,
) -> Result<Vec<Value>, RenderError> {
    let validated = validate(platform, facts, defaults).map_err(|invalid| RenderError::Refused {
        name: platform.metadata.name.clone().unwrap_or_default(),
        violations: invalid.violations,
    })?;
    let resources = build(&validated, facts);
    let namespace = validated.names.namespace().to_owned();
    let secrets = resources.secrets.iter().map(|recipe| secret(recipe, &namespace));
    Ok(secrets
        .chain(resources.children.into_iter().map(|child| child.object))
        .collect())
}

/// The objects as one text of many YAML documents.
pub fn text(objects: &[Value]) -> Result<String, RenderError> {
    let mut text = String::new();
    for object in objects {
        text.push_str("---\n");
        text.push_str(&yaml(object)?);
    }
    Ok(text)
}

/// Writes each object to a file of its own, `<kind>-<name>.yaml`, and gives the files. Objects of several namespaces get a
/// folder for each. Other files of the folder are left alone.
pub fn split(objects: &[Value], folder: &Path) -> Result<Vec<PathBuf>, RenderError> {
    let unwritable = |file: &Path, source| RenderError::Unwritable {
        file: file.to_owned(),
        source,
    };
    let namespaces: BTreeSet<&str> = objects.iter().map(namespace).collect();
    let mut files = BTreeMap::new();
    for object in objects {
        let folder = match namespaces.len() {
            0 | 1 => folder.to_owned(),
            _ => folder.join(namespace(object)),
        };
        let file = folder.join(file_name(object));
        if files.insert(file.clone(), yaml(object)?).is_some() {
            return Err(RenderError::Twice { file });
        }
    }
    for (file, text) in &files {
        let folder = file.parent().unwrap_or(folder);
        std::fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))?;
        std::fs::write(file, text).map_err(|source| unwritable(file, source))?;
    }
    Ok(files.into_keys().collect())
}

fn namespace(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or_default()
}

fn file_name(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!(
        "{}-{}.yaml",
        text(&object["kind"]).to_lowercase(),
        text(&object["metadata"]["name"])
    )
}

fn yaml(object: &Value) -> Result<String, RenderError> {
    serde_yaml::to_string(object).map_err(|source| RenderError::Yaml { source })
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
