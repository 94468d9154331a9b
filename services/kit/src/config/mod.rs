//! Configuration: a YAML file below environment variables, typed, without unknown keys.
//!
//! `TODO_LOG__LEVEL=debug` sets `log.level`, `TODO_SHUTDOWN__DRAIN_SECONDS=1` sets `shutdown.drainSeconds`: two
//! underscores part the levels, one starts a new word. A value is read as YAML: `3`, `true` and `[a, b]` are what they
//! look like, all else is text.

mod common;
mod load;

use std::path::PathBuf;

use serde::Serialize;

pub use common::{
    Algorithm, AuthConfig, CommonConfig, HttpConfig, LogConfig, LogFormat, NoConfig, PubSubConfig,
    ShutdownConfig,
};
pub use load::load;

/// Where the file lies unless `TODO_CONFIG` names another.
pub const DEFAULT_FILE: &str = "/etc/todo/config.yaml";

/// The configuration of one service: what all have, and what it alone has.
#[derive(Debug, Clone, Serialize)]
pub struct Config<E> {
    /// The keys of every service.
    #[serde(flatten)]
    pub common: CommonConfig,
    /// The keys of this service.
    #[serde(flatten)]
    pub service: E,
}

/// Why a service cannot start with the configuration it has.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is missing or unreadable.
    #[error("configuration file {}: cannot be read", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not YAML.
    #[error("configuration file {}: is not YAML", path.display())]
    NotYaml {
        /// Its path.
        path: PathBuf,
        /// Line and column.
        source: serde_yaml::Error,
    },
    /// A key is unknown, missing, or has a value of the wrong kind.
    #[error("{origin}: {key}: {message}")]
    Invalid {
        /// The file or the environment variable.
        origin: String,
        /// The key, levels parted by dots.
        key: String,
        /// What is wrong.
        message: String,
    },
    /// A value that is well-formed but cannot be used.
    #[error("{key}: {message}")]
    Refused {
        /// The key, levels parted by dots.
        key: &'static str,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// A variable that must come from a Secret is missing.
    #[error("environment variable {name}: is missing or empty")]
    MissingVariable {
        /// Its name.
        name: &'static str,
    },
    /// A variable does not hold a port number.
    #[error("environment variable {name}: is not a port number")]
    NoPort {
        /// Its name.
        name: &'static str,
    },
}

impl ConfigError {
    /// An error that refuses the value of `key`.
    pub fn refused(key: &'static str, message: impl Into<String>) -> Self {
        Self::Refused {
            key,
            message: message.into(),
        }
    }
}
