//! From a token to its claims.

use std::sync::Arc;

use todo_domain::Clock;

use super::token::Parts;
use super::{Claims, Keys};
use crate::config::{Algorithm, AuthConfig};

/// Why a token is not accepted. The text may be shown to whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Longer than 8 KiB.
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url with JSON in the first two.
    #[error("the token is malformed")]
    Malformed,
    /// A header member that would tell the verifier what to trust.
    #[error("the token's header has a member that is not accepted")]
    ForbiddenHeader,
    /// An algorithm that configuration does not allow, or that the key is not for.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// The issuer has no such key.
    #[error("the token's key is not known")]
    UnknownKey,
    /// No key was ever read.
    #[error("the issuer's keys are not available")]
    NoKeys,
    /// The signature is not by this key over this text.
    #[error("the token's signature is wrong")]
    Signature,
    /// `iss` is another.
    #[error("the token is from another issuer")]
    Issuer,
    /// `aud` does not name us.
    #[error("the token is for another audience")]
    Audience,
    /// `exp` is past or missing.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `sub` is missing, empty, or longer than 255 bytes.
    #[error("the token names no user")]
    Subject,
}

impl AuthError {
    /// The machine-readable name, for metrics and logs.
    pub fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::ForbiddenHeader => "forbidden_header",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::NoKeys => "no_keys",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Subject => "subject",
        }
    }
}

/// Verifies tokens of one issuer for one audience.
pub struct Verifier {
    config: AuthConfig,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// A verifier by `config` with these keys.
    pub fn new(config: AuthConfig, keys: Arc<Keys>, clock: Arc<dyn Clock>) -> Self {
        Self { config, keys, clock }
    }

    /// The claims of `token`, when it is signed by a key of the issuer and all its claims are acceptable.
    ///
    /// May read the keys anew when the token names one that is not known; that happens at most every 10 s, however
    /// many tokens come.
    pub async fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        let parts = Parts::of(token, &self.config.algorithms)?;
        let key = self.keys.find(parts.key_id.as_deref(), parts.algorithm).await?;
        let algorithm = match parts.algorithm {
            Algorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
            Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        };
        match jsonwebtoken::crypto::verify(parts.signature, parts.signed, &key.decoding, algorithm) {
            Ok(true) => parts.claims(&self.config, self.clock.now()),
            Ok(false) | Err(_) => Err(AuthError::Signature),
        }
    }
}
