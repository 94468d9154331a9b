//! The keys that every service has.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The keys of every service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommonConfig {
    /// `metadata.name` of the `TodoPlatform`.
    pub platform: String,
    /// Its namespace.
    pub namespace: String,
    /// Which of the services this is; must be the one that the binary is.
    pub service: String,
    /// The Dapr application id.
    pub app_id: String,
    /// Where it listens.
    #[serde(default)]
    pub http: HttpConfig,
    /// What it logs.
    #[serde(default)]
    pub log: LogConfig,
    /// How it ends.
    #[serde(default)]
    pub shutdown: ShutdownConfig,
    /// How bearer tokens are verified.
    pub auth: AuthConfig,
}

impl CommonConfig {
    /// The top-level keys; a test keeps them equal to the fields.
    pub(super) const KEYS: [&'static str; 8] = [
        "platform",
        "namespace",
        "service",
        "appId",
        "http",
        "log",
        "shutdown",
        "auth",
    ];

    /// What the types cannot say.
    pub fn check(&self) -> Result<(), ConfigError> {
        let auth = &self.auth;
        if auth.jwks_url.is_some() == auth.jwks_file.is_some() {
            return Err(ConfigError::refused(
                "auth",
                "set exactly one of jwksUrl and jwksFile",
            ));
        }
        if auth.algorithms.is_empty() {
            return Err(ConfigError::refused(
                "auth.algorithms",
                "name at least one of EdDSA, ES256, RS256, PS256",
            ));
        }
        if auth.issuer.is_empty() {
            return Err(ConfigError::refused("auth.issuer", "must not be empty"));
        }
        if auth.audience.is_empty() || auth.audiences.iter().any(String::is_empty) {
            return Err(ConfigError::refused("auth.audience", "must not be empty"));
        }
        Ok(())
    }
}

/// Where a service listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HttpConfig {
    /// For requests; `0.0.0.0:8080` by default.
    pub listen: SocketAddr,
    /// For probes and metrics; `0.0.0.0:8081` by default.
    pub admin_listen: SocketAddr,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 8080)),
            admin_listen: SocketAddr::from(([0, 0, 0, 0], 8081)),
        }
    }
}

/// What a service logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LogConfig {
    /// A level, or directives as tracing's `EnvFilter` has them; `info` by default.
    pub level: String,
    /// `json` by default.
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Json,
        }
    }
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// How a service ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ShutdownConfig {
    /// How long it serves on after it said that it is not ready; 5 by default.
    pub drain_seconds: u64,
}

impl Default for ShutdownConfig {
    fn default() -> Self {
        Self { drain_seconds: 5 }
    }
}

/// How bearer tokens are verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthConfig {
    /// What `iss` must be.
    pub issuer: String,
    /// What `aud` must be or contain.
    pub audience: String,
    /// What `aud` may be or contain instead; none by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// Where the issuer publishes its keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// A mounted file with the keys, instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_file: Option<PathBuf>,
    /// Which algorithms a token may use; `EdDSA`, `ES256` and `RS256` by default.
    #[serde(default = "default_algorithms")]
    pub algorithms: Vec<Algorithm>,
    /// How far the issuer's clock may be from ours; 30 by default.
    #[serde(default = "default_clock_skew")]
    pub clock_skew_seconds: u32,
}

fn default_algorithms() -> Vec<Algorithm> {
    vec![Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256]
}

fn default_clock_skew() -> u32 {
    30
}

/// A signature algorithm that a token may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519; the token's header may call it `EdDSA` or, since RFC 9864, `Ed25519`.
    #[serde(alias = "Ed25519")]
    EdDSA,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// RSA PKCS #1 v1.5 with SHA-256.
    RS256,
    /// RSA PSS with SHA-256.
    PS256,
}

/// The service's own pub/sub component, in the extension of each service that has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PubSubConfig {
    /// Name of the Dapr component: `todo-task-events`.
    pub component: String,
    /// Stands before the name of every topic on a broker that the platform shares; empty by default.
    #[serde(default)]
    pub topic_prefix: String,
}

/// The extension of a service that has no keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}
