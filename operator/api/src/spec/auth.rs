//! `spec.auth`: who issues the bearer tokens and how they are verified.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretKeyRef;
use crate::rules;

/// A signature algorithm of bearer tokens.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[schemars(transform = crate::schema::undescribed)]
pub enum Algorithm {
    /// Edwards curve, Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA PKCS#1 1.5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
}

impl Algorithm {
    /// The name as JSON Web Algorithms writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

/// Who issues the bearer tokens and how they are verified.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::AUTH_ONE_KEY_SOURCE.rule(), validation = rules::AUTH_KEYS_NEED_ISSUER.rule())]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// The `iss` that every token must carry. Default of development: `https://<platform>.<namespace>.todoplatform.local`; required by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub issuer: Option<String>,
    /// The `aud` that every token must carry. Default of development: the issuer; required by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub audience: Option<String>,
    /// Where the issuer publishes its JSON Web Key Set. At most one of `jwksUrl` and `jwksSecretKeyRef` is set. Default of development: neither, a generated signing key; production needs one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024), regex(pattern = r"^https?://\S+$"))]
    pub jwks_url: Option<String>,
    /// The key of a Secret that holds the JSON Web Key Set. At most one of `jwksUrl` and `jwksSecretKeyRef` is set. Default of development: neither, a generated signing key; production needs one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_secret_key_ref: Option<SecretKeyRef>,
    /// Signature algorithms that are accepted. Default of both profiles: `EdDSA`, `ES256`, `RS256`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub algorithms: Vec<Algorithm>,
    /// How far the clocks of issuer and platform may differ, in seconds. Default of both profiles: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 600))]
    pub clock_skew_seconds: Option<i32>,
}
