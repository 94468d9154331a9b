//! Reads every `TodoPlatform` from files of one or more YAML documents.

use std::io::Read;
use std::path::{Path, PathBuf};

use kube::Resource;
use serde::Deserialize;
use serde_json::Value;
use todoplatform_api::TodoPlatform;

/// Largest file that is read: 1 MiB. The API server takes objects of 1.5 MB at most.
const LARGEST: u64 = 1 << 20;

/// A file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It cannot be read.
    #[error("{file}: cannot be read")]
    Unreadable {
        /// Its name.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is too large.
    #[error("{file}: larger than 1 MiB")]
    TooLarge {
        /// Its name.
        file: String,
    },
    /// It is no YAML.
    #[error("{file}: not YAML")]
    NotYaml {
        /// Its name.
        file: String,
        /// Where and why.
        source: serde_yaml::Error,
    },
    /// There is no TodoPlatform in it.
    #[error("{file}: no TodoPlatform in it (apiVersion: {api_version}, kind: TodoPlatform)")]
    Nothing {
        /// Its name.
        file: String,
        /// The version that is understood.
        api_version: String,
    },
    /// Something in it is meant to be a TodoPlatform, and is none that is known.
    #[error("{file}: kind {kind} of {found} is not known; a TodoPlatform is of {api_version}")]
    Unknown {
        /// Its name.
        file: String,
        /// The kind that it says.
        kind: String,
        /// The version that it says.
        found: String,
        /// The version that is understood.
        api_version: String,
    },
    /// There is more than one TodoPlatform in it.
    #[error("{file}: {count} TodoPlatforms in it where one is meant")]
    Several {
        /// Its name.
        file: String,
        /// How many.
        count: usize,
    },
}

impl InputError {
    /// What to do about it.
    pub fn next_action(&self) -> String {
        match self {
            Self::Unreadable { source, .. } if source.kind() == std::io::ErrorKind::InvalidData => {
                "save it as UTF-8".into()
            }
            Self::Unknown { .. } => "correct its apiVersion and kind".into(),
            Self::Unreadable { .. } => "name a file that exists, a folder, or - for standard input".into(),
            Self::TooLarge { .. } => "put the TodoPlatform into a file of its own".into(),
            Self::NotYaml { .. } => "correct the YAML at the line that the message names".into(),
            Self::Nothing { .. } => {
                "name a file with a TodoPlatform; config/samples/development.yaml is one".into()
            }
            Self::Several { .. } => "put the one that is meant into a file of its own".into(),
        }
    }
}

/// A `TodoPlatform` as it was written, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The file; `standard input` for `-`.
    pub file: String,
    /// The whole resource.
    pub resource: Value,
}

/// Every `TodoPlatform` of a file, of `-` for standard input, or of the `.yaml`, `.yml` and `.json` files below a
/// folder; other documents are passed over.
pub fn read(path: &Path) -> Result<Vec<Document>, InputError> {
    if !path.is_dir() {
        let found = read_file(path)?;
        return if found.is_empty() {
            Err(nothing(path))
        } else {
            Ok(found)
        };
    }
    let mut found = Vec::new();
    for file in files_below(path)? {
        found.extend(read_file(&file)?);
    }
    if found.is_empty() {
        Err(nothing(path))
    } else {
        Ok(found)
    }
}

/// The only `TodoPlatform` of a file.
pub fn read_one(path: &Path) -> Result<Document, InputError> {
    let mut found = read(path)?;
    match (found.pop(), found.len()) {
        (Some(document), 0) => Ok(document),
        (_, others) => Err(InputError::Several {
            file: label(path),
            count: others + 1,
        }),
    }
}

fn nothing(path: &Path) -> InputError {
    InputError::Nothing {
        file: label(path),
        api_version: TodoPlatform::api_version(&()).into_owned(),
    }
}

fn label(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".into()
    } else {
        path.display().to_string()
    }
}

/// The files of a folder and of those in it, sorted. Links are not followed: they could lead in circles.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let unreadable = |source| InputError::Unreadable {
        file: folder.display().to_string(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let path = entry.path();
        let is_yaml = || {
            let extension = path.extension().and_then(|extension| extension.to_str());
            matches!(extension, Some("yaml" | "yml" | "json"))
        };
        if kind.is_dir() {
            files.extend(files_below(&path)?);
        } else if is_yaml() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read_file(file: &Path) -> Result<Vec<Document>, InputError> {
    let name = label(file);
    let text = text(file).map_err(|source| InputError::Unreadable {
        file: name.clone(),
        source,
    })?;
    if text.len() as u64 > LARGEST {
        return Err(InputError::TooLarge { file: name });
    }
    let mut platforms = Vec::new();
    for document in serde_yaml::Deserializer::from_str(&text) {
        let resource = Value::deserialize(document).map_err(|source| InputError::NotYaml {
            file: name.clone(),
            source,
        })?;
        for resource in items(resource) {
            if is_platform(&resource) {
                platforms.push(Document {
                    file: name.clone(),
                    resource,
                });
            } else if is_meant_as_platform(&resource) {
                let text = |key: &str| resource[key].as_str().unwrap_or("nothing").to_owned();
                return Err(InputError::Unknown {
                    file: name,
                    kind: text("kind"),
                    found: text("apiVersion"),
                    api_version: TodoPlatform::api_version(&()).into_owned(),
                });
            }
        }
    }
    Ok(platforms)
}

/// The items of a list, as `kubectl get -o yaml` prints one; anything else is one item.
fn items(mut document: Value) -> Vec<Value> {
    let is_list = document["apiVersion"] == "v1" && document["kind"] == "List";
    match document.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) if is_list => items,
        Some(items) => {
            document["items"] = items;
            vec![document]
        }
        None => vec![document],
    }
}

fn is_platform(document: &Value) -> bool {
    document["apiVersion"] == *TodoPlatform::api_version(&()) && document["kind"] == *TodoPlatform::kind(&())
}

/// Whether it says our group, or our kind in whatever letters: passed over in silence, a slip would look valid.
fn is_meant_as_platform(document: &Value) -> bool {
    let text = |key: &str| document[key].as_str().unwrap_or_default();
    text("kind").eq_ignore_ascii_case(&TodoPlatform::kind(&()))
        || text("apiVersion").split('/').next() == Some(TodoPlatform::group(&()).as_ref())
}

fn text(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(LARGEST + 1)
            .read_to_string(&mut text)?;
    } else {
        std::fs::File::open(file)?
            .take(LARGEST + 1)
            .read_to_string(&mut text)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_the_platforms_of_all_its_files_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let platform = |name: &str| {
            format!("apiVersion: todoplatform.dev/v1alpha1\nkind: TodoPlatform\nmetadata: {{name: {name}}}\n")
        };
        std::fs::create_dir(folder.path().join("b")).unwrap();
        std::fs::write(folder.path().join("b/x.yml"), platform("second")).unwrap();
        std::fs::write(
            folder.path().join("a.yaml"),
            format!("kind: ConfigMap\n---\n{}", platform("first")),
        )
        .unwrap();
        std::fs::write(folder.path().join("notes.txt"), "no: [yaml").unwrap();
        let names: Vec<_> = read(folder.path())
            .unwrap()
            .iter()
            .map(|document| document.resource["metadata"]["name"].clone())
            .collect();
        assert_eq!(names, ["first", "second"]);
        assert!(matches!(
            read_one(folder.path()),
            Err(InputError::Several { count: 2, .. })
        ));
    }

    #[test]
    fn what_cannot_be_used_is_told_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.yaml");
        let good = "apiVersion: todoplatform.dev/v1alpha1\nkind: TodoPlatform\nmetadata: {name: a}\n---\n";
        for (text, expected) in [
            (
                &format!("{good}apiVersion: todoplatform.dev/v1alpha1\nkind: Todoplatform") as &str,
                "kind Todoplatform",
            ),
            (
                &format!("{good}apiVersion: todoplatform.dev/v1\nkind: TodoPlatform"),
                "todoplatform.dev/v1 is not known",
            ),
            (&format!("{good}kind: TodoPlatform"), "of nothing is not known"),
            ("a: [", "not YAML"),
            ("a: 1", "no TodoPlatform in it"),
            (&"#".repeat(1 << 21), "larger than 1 MiB"),
        ] {
            std::fs::write(&file, text).unwrap();
            let told = read(&file).unwrap_err().to_string();
            assert!(told.contains(expected) && told.contains("x.yaml"), "{told}");
        }
        assert!(read(&folder.path().join("absent.yaml")).is_err());
        std::fs::write(&file, b"a: \xff").unwrap();
        assert_eq!(read(&file).unwrap_err().next_action(), "save it as UTF-8");
    }

    #[test]
    fn the_items_of_a_list_are_read_as_kubectl_prints_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.yaml");
        let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: todoplatform.dev/v1alpha1\n  kind: TodoPlatform\n  metadata: {name: a}\n- kind: ConfigMap\n";
        std::fs::write(&file, list).unwrap();
        assert_eq!(read_one(&file).unwrap().resource["metadata"]["name"], "a");
    }
}
