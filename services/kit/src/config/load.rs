//! Loading: the file, then the environment over it.

use std::path::Path;

use figment::error::Kind;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use serde::de::DeserializeOwned;

use super::{CommonConfig, Config, ConfigError, DEFAULT_FILE};
use crate::Environment;

const PREFIX: &str = "TODO_";

/// The configuration from the file that `TODO_CONFIG` names and from the `TODO_` variables over it.
pub fn load<E: DeserializeOwned>(environment: &Environment) -> Result<Config<E>, ConfigError> {
    let path = Path::new(environment.get("TODO_CONFIG").unwrap_or(DEFAULT_FILE));
    let figment = environment
        .iter()
        .filter(|(name, _)| *name != "TODO_CONFIG" && !is_service_link(name))
        .filter_map(|(name, value)| Layer::of_variable(name, value))
        .fold(Figment::from(Layer::of_file(path)?), Figment::merge);
    let file = path.display().to_string();
    let explain = |error: figment::Error| explain(&figment, &file, &error);
    let all: Dict = figment.extract().map_err(explain)?;
    let (common, service): (Dict, Dict) = all.into_iter().partition(|(key, _)| is_common(key));
    let common: CommonConfig = Value::from(common).deserialize().map_err(explain)?;
    let service: E = Value::from(service).deserialize().map_err(explain)?;
    common.check()?;
    Ok(Config { common, service })
}

fn is_common(key: &str) -> bool {
    CommonConfig::KEYS.contains(&key)
}

/// One source of keys, under the name that errors give it.
struct Layer {
    origin: String,
    dict: Dict,
}

impl Layer {
    fn of_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        // An empty document is null to YAML, and no keys to us.
        let dict: Option<Dict> = serde_yaml::from_str(&text).map_err(|source| ConfigError::NotYaml {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            origin: format!("configuration file {}", path.display()),
            dict: dict.unwrap_or_default(),
        })
    }

    /// `None` for a variable that is not ours.
    fn of_variable(name: &str, value: &str) -> Option<Self> {
        let path = name.strip_prefix(PREFIX)?;
        let value = value_of(value);
        let nested = path.rsplit("__").fold(value, |inner, word| {
            Dict::from([(camel_case(word), inner)]).into()
        });
        let dict = nested.into_dict().unwrap_or_default();
        Some(Self {
            origin: format!("environment variable {name}"),
            dict,
        })
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone()).interpolater(|_, keys| keys.join("."))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.dict.clone())]))
    }
}

/// A variable's text as YAML reads it, where that is a number, a boolean, or a list or map in brackets; else as text.
fn value_of(text: &str) -> Value {
    let is_bracketed = text.starts_with(['[', '{']);
    match serde_yaml::from_str(text) {
        Ok(value @ (Value::Num(..) | Value::Bool(..))) => value,
        Ok(value @ (Value::Array(..) | Value::Dict(..))) if is_bracketed => value,
        _ => Value::from(text),
    }
}

/// `DRAIN_SECONDS` -> `drainSeconds`.
fn camel_case(screaming: &str) -> String {
    let mut words = screaming.split('_').map(str::to_ascii_lowercase);
    let first = words.next().unwrap_or_default();
    words.fold(first, |mut name, word| {
        let mut chars = word.chars();
        name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        name.push_str(chars.as_str());
        name
    })
}

/// Kubernetes gives every container variables for the Services of its namespace, and a platform called `todo` has
/// Services called `todo-task`: `TODO_TASK_SERVICE_HOST`, `TODO_TASK_PORT_8080_TCP_ADDR`. They are not ours.
fn is_service_link(name: &str) -> bool {
    let link_port = |rest: &str| {
        rest.is_empty()
            || rest
                .strip_prefix('_')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name
            .match_indices("_PORT")
            .any(|(at, word)| link_port(&name[at + word.len()..]))
}

/// Names the key and where it was set; a key that is nowhere is missing from the file.
fn explain(figment: &Figment, file: &str, error: &figment::Error) -> ConfigError {
    let mut path = error.path.clone();
    let message = match &error.kind {
        Kind::MissingField(name) => {
            path.push(name.to_string());
            "is missing".to_owned()
        }
        Kind::UnknownField(name, known) => {
            if path.last() != Some(name) {
                path.push(name.clone());
            }
            match known {
                [] => "is not a key of this service".to_owned(),
                _ => format!("is not a known key; known here are {}", known.join(", ")),
            }
        }
        kind => kind.to_string(),
    };
    let key = path.join(".");
    let set_by = figment
        .find_metadata(&key)
        .map(|metadata| metadata.name.to_string());
    ConfigError::Invalid {
        origin: set_by.unwrap_or_else(|| format!("configuration file {file}")),
        key,
        message,
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::config::{Algorithm, NoConfig, PubSubConfig};

    const FILE: &str = "
platform: todo
namespace: default
service: task
appId: todo-task
auth: {issuer: https://todo.example, audience: https://todo.example, jwksFile: /etc/todo/keys/jwks.json}
";

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Extra {
        pubsub: PubSubConfig,
    }

    fn load_text<E: DeserializeOwned>(
        text: &str,
        variables: &[(&str, &str)],
    ) -> Result<Config<E>, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let environment = variables
            .iter()
            .copied()
            .chain([("TODO_CONFIG", path.as_str())])
            .collect();
        load(&environment)
    }

    /// Key and message of the refusal, and whether the file is named as its origin.
    fn refusal<E: DeserializeOwned>(text: &str, variables: &[(&str, &str)]) -> String {
        match load_text::<E>(text, variables).map(|_| ()).unwrap_err() {
            ConfigError::Invalid { origin, key, message } => {
                let origin = if origin.starts_with("configuration file /") {
                    "file"
                } else {
                    &origin
                };
                format!("{origin}: {key}: {message}")
            }
            other => other.to_string(),
        }
    }

    #[test]
    fn the_common_keys_are_the_fields() {
        let config = load_text::<NoConfig>(FILE, &[]).unwrap();
        let json = serde_json::to_value(&config.common).unwrap();
        let mut fields: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let mut keys = CommonConfig::KEYS;
        fields.sort_unstable();
        keys.sort_unstable();
        assert_eq!(fields, keys);
    }

    #[test]
    fn what_the_file_leaves_out_has_the_defaults_of_the_contract() {
        let common = load_text::<NoConfig>(FILE, &[]).unwrap().common;
        assert_eq!(common.http.listen.port(), 8080);
        assert_eq!(common.http.admin_listen.port(), 8081);
        assert_eq!(
            (common.shutdown.drain_seconds, common.auth.clock_skew_seconds),
            (5, 30)
        );
        assert_eq!(
            common.auth.algorithms,
            [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256]
        );
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = format!("{FILE}pubsub: {{component: a}}");
        let variables = [
            ("TODO_LOG__LEVEL", "debug"),
            ("TODO_SHUTDOWN__DRAIN_SECONDS", "0"),
            ("TODO_PUBSUB__TOPIC_PREFIX", "default.todo."),
            ("TODO_APP_ID", "other"),
            ("TODO_AUTH__ALGORITHMS", "[PS256]"),
            ("PATH", "/bin"),
        ];
        let config = load_text::<Extra>(&file, &variables).unwrap();
        assert_eq!(
            (
                config.common.log.level.as_str(),
                config.common.shutdown.drain_seconds
            ),
            ("debug", 0)
        );
        assert_eq!(config.common.app_id, "other");
        assert_eq!(config.common.auth.algorithms, [Algorithm::PS256]);
        assert_eq!(config.service.pubsub.component, "a");
        assert_eq!(config.service.pubsub.topic_prefix, "default.todo.");
    }

    #[test]
    fn what_kubernetes_says_about_services_is_not_configuration() {
        let links = [
            ("TODO_TASK_SERVICE_HOST", "10.0.0.1"),
            ("TODO_TASK_SERVICE_PORT", "8080"),
            ("TODO_TASK_SERVICE_PORT_HTTP", "8080"),
            ("TODO_TASK_PORT", "tcp://10.0.0.1:8080"),
            ("TODO_TASK_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ];
        load_text::<NoConfig>(FILE, &links).unwrap();
    }

    #[test]
    fn a_refusal_names_the_origin_and_the_key() {
        let known = "known here are component, topicPrefix";
        let table = [
            ("colour: red", vec![], "file: colour: is not a key of this service".to_owned()),
            ("", vec![("TODO_COLOUR", "red")], "environment variable TODO_COLOUR: colour: is not a key of this service".to_owned()),
            ("log: {colour: red}", vec![], "file: log.colour: is not a known key; known here are level, format".to_owned()),
            ("", vec![("TODO_HTTP__LISTEN", "8080")], "environment variable TODO_HTTP__LISTEN: http.listen: invalid type: found unsigned int `8080`, expected socket address".to_owned()),
            ("shutdown: {drainSeconds: soon}", vec![], "file: shutdown.drainSeconds: invalid type: found string \"soon\", expected u64".to_owned()),
        ];
        for (line, variables, expected) in table {
            assert_eq!(
                refusal::<NoConfig>(&format!("{FILE}\n{line}"), &variables),
                expected
            );
        }
        assert_eq!(refusal::<Extra>(FILE, &[]), "file: pubsub: is missing");
        let misspelt = format!("{FILE}pubsub: {{component: a, prefix: b}}");
        assert_eq!(
            refusal::<Extra>(&misspelt, &[]),
            format!("file: pubsub.prefix: is not a known key; {known}")
        );
    }

    #[test]
    fn keys_come_from_exactly_one_place() {
        let twice = refusal::<NoConfig>(FILE, &[("TODO_AUTH__JWKS_URL", "https://todo.example/jwks")]);
        assert_eq!(twice, "auth: set exactly one of jwksUrl and jwksFile");
    }

    #[test]
    fn a_missing_file_is_named() {
        let environment = [("TODO_CONFIG", "/nonexistent.yaml")].into_iter().collect();
        let error = load::<NoConfig>(&environment).unwrap_err();
        assert_eq!(
            error.to_string(),
            "configuration file /nonexistent.yaml: cannot be read"
        );
    }
}
