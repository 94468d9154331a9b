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
        if is_platform(&resource) {
            platforms.push(Document {
                file: name.clone(),
                resource,
            });
        }
    }
    Ok(platforms)
}

fn is_platform(document: &Value) -> bool {
    document["apiVersion"] == *TodoPlatform::api_version(&()) && document["kind"] == *TodoPlatform::kind(&())
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
        for (text, expected) in [
            ("a: [", "not YAML"),
            ("a: 1", "no TodoPlatform in it"),
            (&"#".repeat(1 << 21), "larger than 1 MiB"),
        ] {
            std::fs::write(&file, text).unwrap();
            let told = read(&file).unwrap_err().to_string();
            assert!(told.contains(expected) && told.contains("x.yaml"), "{told}");
        }
        assert!(read(&folder.path().join("absent.yaml")).is_err());
    }
}
