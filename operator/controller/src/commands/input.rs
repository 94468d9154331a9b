//! Reads every `TodoPlatform` from a file of one or more YAML documents.

use std::io::Read;
use std::path::Path;

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
}

/// Every `TodoPlatform` of a file as it was written; other documents are passed over.
pub fn read(file: &Path) -> Result<Vec<Value>, InputError> {
    let name = if file == Path::new("-") {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    };
    let text = text(file).map_err(|source| InputError::Unreadable {
        file: name.clone(),
        source,
    })?;
    if text.len() as u64 > LARGEST {
        return Err(InputError::TooLarge { file: name });
    }
    let mut platforms = Vec::new();
    for document in serde_yaml::Deserializer::from_str(&text) {
        let document = Value::deserialize(document).map_err(|source| InputError::NotYaml {
            file: name.clone(),
            source,
        })?;
        if is_platform(&document) {
            platforms.push(document);
        }
    }
    if platforms.is_empty() {
        let api_version = TodoPlatform::api_version(&()).into_owned();
        return Err(InputError::Nothing {
            file: name,
            api_version,
        });
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
