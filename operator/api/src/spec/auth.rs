//! `spec.auth`: who issues the bearer tokens and how they are verified.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LocalSecretName, SecretKeyRef};
use crate::rules;

/// A signature algorithm of bearer tokens.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[schemars(transform = crate::schema::undescribed)]
pub enum Algorithm {
    /// Edwards curve, Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// The same, by its name of RFC 9864; either name admits tokens with either.
    #[serde(rename = "Ed25519")]
    Ed25519,
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA PKCS#1 1.5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSA PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
}

impl Algorithm {
    /// The name as JSON Web Algorithms writes it, one for both names of Ed25519.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa | Self::Ed25519 => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }
}

/// Who issues the bearer tokens and how they are verified.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::AUTH_ONE_KEY_SOURCE.rule(), validation = rules::AUTH_KEYS_NEED_ISSUER.rule(), validation = rules::AUTH_SIGNING_KEY.rule())]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// The `iss` that every token must carry. Default of development: `https://<platform>.<namespace>.todoplatform.local`; required by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub issuer: Option<String>,
    /// The `aud` that every token must carry, unless `audiences` names it. Default of development: the issuer; required by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub audience: Option<String>,
    /// Further audiences: a token for any of them is accepted too. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), inner(length(min = 1, max = 512)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub audiences: Vec<String>,
    /// Where the issuer publishes its JSON Web Key Set. At most one of `jwksUrl` and `jwksSecretKeyRef` is set. Default of development: neither, a generated signing key; production needs one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024), regex(pattern = r"^https?://\S+$"))]
    pub jwks_url: Option<String>,
    /// The key of a Secret that holds the JSON Web Key Set. At most one of `jwksUrl` and `jwksSecretKeyRef` is set. Default of development: neither, a generated signing key; production needs one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_secret_key_ref: Option<SecretKeyRef>,
    /// A Secret with a signing key of your own for development: keys `private.pem` (PKCS#8 Ed25519) and `jwks.json` (its public JSON Web Key Set), as `kubectl todo token` reads them. Not together with `jwksUrl` and `jwksSecretKeyRef`. Default of development: a generated one, `<platform>-signing-key`; refused by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key_secret_ref: Option<LocalSecretName>,
    /// Signature algorithms that are accepted. Default of both profiles: `EdDSA`, `ES256`, `RS256`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub algorithms: Vec<Algorithm>,
    /// How far the clocks of issuer and platform may differ, in seconds. Default of both profiles: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 600))]
    pub clock_skew_seconds: Option<i32>,
}
