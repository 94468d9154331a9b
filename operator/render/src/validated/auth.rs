//! Who issues the tokens.

use todoplatform_api::SecretKeyRef;

/// How bearer tokens are verified.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AuthSettings {
    /// The `iss` that every token must carry.
    pub issuer: String,
    /// The `aud` that every token must carry.
    pub audience: String,
    /// What `aud` may be instead.
    pub audiences: Vec<String>,
    /// Where the keys come from.
    pub keys: KeySource,
    /// Names of the accepted algorithms.
    pub algorithms: Vec<&'static str>,
    /// Tolerance in seconds.
    pub clock_skew_seconds: i32,
}

/// Where the keys come from with which tokens are verified.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum KeySource {
    /// The issuer publishes them.
    Url(String),
    /// A Secret holds them.
    Secret(SecretKeyRef),
    /// A Secret of the user's holds a signing key, for development.
    Own(SecretKeyRef),
    /// The operator makes a signing key, for development.
    Generated(SecretKeyRef),
}
