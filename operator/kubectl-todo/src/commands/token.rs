//! `kubectl todo token`: a bearer token, signed with the development key of a platform.

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    jwk::{Jwk, JwkSet},
};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde::{Deserialize, Serialize};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{
    Facts, Invalid, OperatorDefaults,
    names::{SIGNING_KEY_JWKS, SIGNING_KEY_PEM},
    validate,
    validated::{AuthSettings, KeySource},
};

use crate::cluster::{Cluster, ClusterError};

/// Longest life of a token: it cannot be taken back.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// Longest `sub` that the services take, in bytes.
const SUBJECT_MAX_BYTES: usize = 255;

/// For whom, and for how long.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TokenArgs {
    /// The user: the token's `sub`, the owner of the tasks that are made with it.
    #[arg(long, value_name = "NAME", value_parser = subject)]
    user: String,
    /// Where this user's mail goes: the token's `email`. Without it the token has none, and no mail is sent.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    email: Option<String>,
    /// How long the token is good for, at most 24h: 90s, 15m, 1h30m.
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = ttl)]
    ttl: SignedDuration,
    /// The TodoPlatform. Default: the only one of the namespace.
    #[arg(long, value_name = "NAME")]
    pub(crate) platform: Option<String>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(transparent)]
    Cluster(ClusterError),
    #[error("TodoPlatform {platform}: its spec cannot be carried out")]
    Invalid { platform: String, source: Invalid },
    #[error(
        "TodoPlatform {platform} takes tokens of the issuer {issuer} only (spec.auth), and this command has no key of it"
    )]
    ExternalIssuer { platform: String, issuer: String },
    #[error(
        "TodoPlatform {platform} does not accept EdDSA, with which its signing key signs (spec.auth.algorithms)"
    )]
    AlgorithmRefused { platform: String },
    #[error("Secret {secret} with the signing key of TodoPlatform {platform} does not exist yet")]
    NoKey { platform: String, secret: String },
    #[error("Secret {secret} has no key {key}")]
    NoSecretKey { secret: String, key: &'static str },
    #[error("Secret {secret}: {key} is not what the operator wrote there")]
    Unusable {
        secret: String,
        key: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("Secret {secret}: {SIGNING_KEY_PEM} and {SIGNING_KEY_JWKS} are not of one pair")]
    Unpaired { secret: String },
    #[error("a token good for {ttl:#} would end after the last time that can be written")]
    TooLate { ttl: SignedDuration },
}

impl TokenError {
    /// What to do about it.
    pub(crate) fn next_action(&self) -> String {
        match self {
            Self::Cluster(error) => error.next_action(),
            Self::Invalid { platform, .. } => format!("mend the spec: kubectl todo status {platform}"),
            Self::ExternalIssuer { issuer, .. } => format!("get a token from {issuer}"),
            Self::AlgorithmRefused { .. } => {
                "add EdDSA to spec.auth.algorithms, or leave the list out".into()
            }
            Self::NoKey { platform, .. } => {
                format!(
                    "wait until the operator has made it, and see what it is doing: kubectl todo status {platform}"
                )
            }
            Self::NoSecretKey { secret, .. } | Self::Unusable { secret, .. } | Self::Unpaired { secret } => {
                format!(
                    "delete the Secret (`kubectl delete secret {secret}`): the operator makes a new one; \
                 tokens of the former key end with it"
                )
            }
            Self::TooLate { .. } => "give a shorter --ttl".into(),
        }
    }
}

/// What the token says (RFC 7519), times in seconds since 1970.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Reads platform and key, and signs.
pub(crate) async fn token(cluster: &Cluster, args: &TokenArgs, now: Timestamp) -> Result<String, TokenError> {
    let platform = cluster
        .platform(args.platform.as_deref())
        .await
        .map_err(TokenError::Cluster)?;
    let (auth, secret_name) = issuer(&platform)?;
    let secret = cluster.secret(&secret_name).await.map_err(TokenError::Cluster)?;
    let secret = secret.ok_or_else(|| TokenError::NoKey {
        platform: platform.name_any(),
        secret: secret_name.clone(),
    })?;
    sign(
        &SigningKey::read(secret_name, &secret)?,
        &claims(args, &auth, now)?,
    )
}

/// Who issues the platform's tokens, and the Secret with the key; refused when that is somebody else.
fn issuer(platform: &TodoPlatform) -> Result<(AuthSettings, String), TokenError> {
    // Neither the images nor the state of the Secrets bear on how tokens are verified.
    let validated = validate(platform, &Facts::assumed(platform), &OperatorDefaults::default());
    let auth = validated
        .map_err(|source| TokenError::Invalid {
            platform: platform.name_any(),
            source,
        })?
        .auth;
    let (KeySource::Generated(key) | KeySource::Own(key)) = &auth.keys else {
        return Err(TokenError::ExternalIssuer {
            platform: platform.name_any(),
            issuer: auth.issuer,
        });
    };
    if !auth
        .algorithms
        .contains(&todoplatform_api::Algorithm::EdDsa.as_str())
    {
        return Err(TokenError::AlgorithmRefused {
            platform: platform.name_any(),
        });
    }
    let secret = key.name.clone();
    Ok((auth, secret))
}

fn claims(args: &TokenArgs, auth: &AuthSettings, now: Timestamp) -> Result<Claims, TokenError> {
    let end = now
        .checked_add(args.ttl)
        .map_err(|_out_of_range| TokenError::TooLate { ttl: args.ttl })?;
    Ok(Claims {
        iss: auth.issuer.clone(),
        aud: auth.audience.clone(),
        sub: args.user.clone(),
        email: args.email.clone(),
        iat: now.as_second(),
        nbf: now.as_second(),
        exp: end.as_second(),
    })
}

/// Both halves of a platform's signing key. It has no `Debug`: nothing may print it.
struct SigningKey {
    secret: String,
    private: EncodingKey,
    public: Jwk,
}

impl SigningKey {
    fn read(name: String, secret: &Secret) -> Result<Self, TokenError> {
        let value = |key: &'static str| {
            let data = secret.data.as_ref().and_then(|data| data.get(key));
            data.map(|value| value.0.as_slice())
                .ok_or(TokenError::NoSecretKey {
                    secret: name.clone(),
                    key,
                })
        };
        let private =
            EncodingKey::from_ed_pem(value(SIGNING_KEY_PEM)?).map_err(|source| TokenError::Unusable {
                secret: name.clone(),
                key: SIGNING_KEY_PEM,
                source: Box::new(source),
            })?;
        let set: JwkSet =
            serde_json::from_slice(value(SIGNING_KEY_JWKS)?).map_err(|source| TokenError::Unusable {
                secret: name.clone(),
                key: SIGNING_KEY_JWKS,
                source: Box::new(source),
            })?;
        let public = set.keys.into_iter().find(|key| key.common.key_id.is_some());
        match public {
            Some(public) => Ok(Self {
                secret: name,
                private,
                public,
            }),
            None => Err(TokenError::Unusable {
                secret: name,
                key: SIGNING_KEY_JWKS,
                source: "it has no key with a kid".into(),
            }),
        }
    }
}

fn sign(key: &SigningKey, claims: &Claims) -> Result<String, TokenError> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid.clone_from(&key.public.common.key_id);
    let unusable = |name: &'static str, source: jsonwebtoken::errors::Error| TokenError::Unusable {
        secret: key.secret.clone(),
        key: name,
        source: Box::new(source),
    };
    let token = jsonwebtoken::encode(&header, claims, &key.private)
        .map_err(|source| unusable(SIGNING_KEY_PEM, source))?;
    // The gateway knows the public half only: a token that it would refuse is no use.
    let public = DecodingKey::from_jwk(&key.public).map_err(|source| unusable(SIGNING_KEY_JWKS, source))?;
    jsonwebtoken::decode::<Claims>(&token, &public, &signature_only()).map_err(|_mismatch| {
        TokenError::Unpaired {
            secret: key.secret.clone(),
        }
    })?;
    Ok(token)
}

fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

fn subject(text: &str) -> Result<String, String> {
    match text {
        "" => Err("a user has a name: --user alice".into()),
        _ if text.len() > SUBJECT_MAX_BYTES => {
            Err(format!("a user's name has at most {SUBJECT_MAX_BYTES} bytes"))
        }
        _ if text.chars().any(char::is_control) => Err("a user's name has no control characters".into()),
        _ => Ok(text.into()),
    }
}

fn address(text: &str) -> Result<String, String> {
    match text.rsplit_once('@') {
        Some((local, host))
            if !local.is_empty()
                && !host.is_empty()
                && !text.contains(|c: char| c.is_whitespace() || c.is_control()) =>
        {
            Ok(text.into())
        }
        _ => Err("not a mail address such as alice@example.com".into()),
    }
}

fn ttl(text: &str) -> Result<SignedDuration, String> {
    let ttl: SignedDuration = text
        .parse()
        .map_err(|_unparsed| "not a duration such as 90s, 15m or 1h30m".to_owned())?;
    match ttl {
        ttl if ttl < SignedDuration::from_secs(1) => Err("a token is good for a second or more".into()),
        ttl if ttl > LONGEST => Err("a token is good for 24h at most; ask for another one then".into()),
        ttl => Ok(ttl),
    }
}

#[cfg(test)]
mod tests;
