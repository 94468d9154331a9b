//! From a token to its claims.

use std::sync::Arc;

use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::{counter::Counter, family::Family};
use todo_domain::Clock;

use super::token::Parts;
use super::verified::Verified;
use super::{Claims, Keys};
use crate::config::{Algorithm, AuthConfig};
use crate::metrics::Metrics;
use crate::problem::Problem;

/// Why a token is not accepted. The text may be shown to whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no token.
    #[error("send Authorization: Bearer <token>")]
    Missing,
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
    /// The session or the user was signed out.
    #[error("the token has been revoked")]
    Revoked,
}

impl AuthError {
    /// Every one of them.
    pub const ALL: [Self; 14] = [
        Self::Missing,
        Self::TooLong,
        Self::Malformed,
        Self::ForbiddenHeader,
        Self::Algorithm,
        Self::UnknownKey,
        Self::NoKeys,
        Self::Signature,
        Self::Issuer,
        Self::Audience,
        Self::Expired,
        Self::NotYetValid,
        Self::Subject,
        Self::Revoked,
    ];

    /// Whether the token bears the issuer's signature nevertheless: such a token cannot be made up.
    pub fn is_signed(self) -> bool {
        match self {
            Self::Issuer
            | Self::Audience
            | Self::Expired
            | Self::NotYetValid
            | Self::Subject
            | Self::Revoked => true,
            Self::Missing
            | Self::TooLong
            | Self::Malformed
            | Self::ForbiddenHeader
            | Self::Algorithm
            | Self::UnknownKey
            | Self::NoKeys
            | Self::Signature => false,
        }
    }

    /// The machine-readable name, for metrics and logs.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
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
            Self::Revoked => "revoked",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

/// Verifies tokens of one issuer for one audience.
pub struct Verifier {
    config: AuthConfig,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    verified: Verified,
    refused: Family<ReasonLabel, Counter>,
}

impl Verifier {
    /// A verifier by `config` with these keys.
    pub fn new(config: AuthConfig, keys: Arc<Keys>, clock: Arc<dyn Clock>) -> Self {
        let refused = Family::<ReasonLabel, Counter>::default();
        for error in AuthError::ALL {
            let reason = error.reason();
            drop(refused.get_or_create(&ReasonLabel { reason }));
        }
        Self {
            config,
            keys,
            clock,
            verified: Verified::default(),
            refused,
        }
    }

    /// Shows what is refused as `todo_tokens_refused_total{reason}`.
    pub(crate) fn show(&self, metrics: &Metrics) {
        let help = "Requests without a token that is accepted, by reason";
        metrics.register("tokens_refused", help, self.refused.clone());
    }

    /// The claims of `token`, when it is signed by a key of the issuer and all its claims are acceptable.
    ///
    /// May read the keys anew when the token names one that is not known; that happens at most every 10 s, however
    /// many tokens come. A token that was accepted less than a minute ago, by the present keys, is not looked at again.
    pub async fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        let now = self.clock.now();
        if let Some(claims) = self.verified.find(token, self.keys.generation(), now) {
            return Ok(claims);
        }
        let parts = Parts::of(token, &self.config.algorithms)?;
        // Before the key is found: keys that come meanwhile make the entry useless, not wrong.
        let generation = self.keys.generation();
        let key = self.keys.find(parts.key_id.as_deref(), parts.algorithm).await?;
        let algorithm = match parts.algorithm {
            Algorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
            Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        };
        match jsonwebtoken::crypto::verify(parts.signature, parts.signed, &key.decoding, algorithm) {
            Ok(true) => {
                let claims = parts.claims(&self.config, now)?;
                self.verified.keep(token, &claims, generation, now);
                Ok(claims)
            }
            Ok(false) | Err(_) => Err(AuthError::Signature),
        }
    }

    /// Counts and logs a refusal, and gives its answer: 401 with the challenge of RFC 6750, or 503 while nobody could be
    /// let in.
    pub fn refuse(&self, error: AuthError) -> Problem {
        let reason = error.reason();
        self.refused.get_or_create(&ReasonLabel { reason }).inc();
        match error {
            // The issuer is away and no key was ever seen: nobody's fault who calls.
            AuthError::NoKeys => Problem::unavailable(&error),
            AuthError::Missing => {
                // RFC 6750: no error code when there was no attempt.
                let challenge = HeaderValue::from_static("Bearer");
                Problem::unauthorized(error.to_string()).header(WWW_AUTHENTICATE, challenge)
            }
            error => {
                tracing::info!(reason, "token refused");
                Problem::unauthorized(error.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use todo_domain::FixedClock;

    use super::*;
    use crate::testing::TestIssuer;

    #[tokio::test]
    async fn a_token_that_was_accepted_is_not_looked_at_again() {
        let now = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        let issuer = TestIssuer::new(1);
        let verifier = issuer.verifier(Arc::new(FixedClock::new(now)));
        let remembered = |token: &str| verifier.verified.find(token, verifier.keys.generation(), now);
        let (good, bad) = (issuer.token("alice"), TestIssuer::new(2).token("alice"));
        let claims = verifier.verify(&good).await.unwrap();
        assert_eq!(remembered(&good), Some(claims));
        verifier.verify(&bad).await.unwrap_err();
        assert_eq!(remembered(&bad), None, "what was refused is no token");
    }

    #[test]
    fn every_reason_is_told_apart() {
        let mut reasons = AuthError::ALL.map(AuthError::reason).to_vec();
        reasons.sort_unstable();
        reasons.dedup();
        assert_eq!(reasons.len(), AuthError::ALL.len());
    }
}
