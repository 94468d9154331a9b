//! A token taken apart, and the rules for what is in it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::AuthError;
use crate::config::{Algorithm, AuthConfig};

/// Longest token.
const TOKEN_MAX_BYTES: usize = 8 * 1024;
/// Longest `sub` or `sid`, in bytes; they become columns and keys.
const ID_MAX_BYTES: usize = 255;
/// Longest mail address, in bytes (RFC 5321, section 4.5.3.1.3, without the brackets).
const EMAIL_MAX_BYTES: usize = 254;

/// What a verified token says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// Who.
    pub sub: String,
    /// The mail address, unless the issuer says that it is not verified.
    pub email: Option<String>,
    /// `sid`: the session that the token belongs to.
    pub session: Option<String>,
    /// `iat`, in seconds since 1970.
    pub issued_at: Option<f64>,
    /// `exp`.
    pub expires_at: Timestamp,
}

/// The three parts of a token, the first of them read.
pub(super) struct Parts<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    /// What the signature is over.
    pub(super) signed: &'a [u8],
    pub(super) signature: &'a str,
    claims: &'a str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
    jku: Option<Value>,
    jwk: Option<Value>,
    x5u: Option<Value>,
    x5c: Option<Value>,
    b64: Option<Value>,
    zip: Option<Value>,
}

#[derive(Deserialize)]
struct RawClaims {
    iss: Option<Value>,
    aud: Option<Value>,
    sub: Option<Value>,
    exp: Option<Value>,
    nbf: Option<Value>,
    iat: Option<Value>,
    sid: Option<Value>,
    email: Option<Value>,
    email_verified: Option<Value>,
}

impl Algorithm {
    /// Whether a token's or a key's `alg` means this algorithm.
    pub(super) fn has_name(self, name: &str) -> bool {
        match self {
            Self::EdDSA => name == "EdDSA" || name == "Ed25519",
            Self::ES256 => name == "ES256",
            Self::RS256 => name == "RS256",
            Self::PS256 => name == "PS256",
        }
    }
}

impl<'a> Parts<'a> {
    /// Takes `token` apart; refuses what is not of the three-part form, and algorithms that are not allowed.
    pub(super) fn of(token: &'a str, allowed: &[Algorithm]) -> Result<Self, AuthError> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(AuthError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(AuthError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(AuthError::Malformed)?;
        if claims.contains('.') || signature.is_empty() {
            return Err(AuthError::Malformed);
        }
        let header: Header = decode(header)?;
        let steering = [
            header.crit,
            header.jku,
            header.jwk,
            header.x5u,
            header.x5c,
            header.b64,
            header.zip,
        ];
        if steering.iter().any(Option::is_some) {
            return Err(AuthError::ForbiddenHeader);
        }
        let algorithm = allowed
            .iter()
            .copied()
            .find(|algorithm| algorithm.has_name(&header.alg));
        let algorithm = algorithm.ok_or(AuthError::Algorithm)?;
        Ok(Self {
            algorithm,
            key_id: header.kid,
            signed: signed.as_bytes(),
            signature,
            claims,
        })
    }

    /// The claims of a token whose signature holds, when they are acceptable at `now`.
    pub(super) fn claims(&self, config: &AuthConfig, now: Timestamp) -> Result<Claims, AuthError> {
        let raw: RawClaims = decode(self.claims)?;
        if raw.iss.as_ref().and_then(Value::as_str) != Some(&config.issuer) {
            return Err(AuthError::Issuer);
        }
        if !raw.aud.as_ref().is_some_and(|aud| names_audience(aud, config)) {
            return Err(AuthError::Audience);
        }
        let (now, skew) = (seconds(now), f64::from(config.clock_skew_seconds));
        let expiry = raw
            .exp
            .as_ref()
            .and_then(Value::as_f64)
            .ok_or(AuthError::Expired)?;
        if now >= expiry + skew {
            return Err(AuthError::Expired);
        }
        if let Some(not_before) = raw.nbf
            && not_before
                .as_f64()
                .is_none_or(|not_before| now < not_before - skew)
        {
            return Err(AuthError::NotYetValid);
        }
        let sub = raw.sub.as_ref().and_then(id).ok_or(AuthError::Subject)?;
        let is_verified = raw.email_verified != Some(Value::Bool(false));
        let email = raw.email.as_ref().and_then(Value::as_str);
        let email = email.filter(|address| is_verified && address.len() <= EMAIL_MAX_BYTES);
        Ok(Claims {
            sub: sub.to_owned(),
            email: email.map(str::to_owned),
            session: raw.sid.as_ref().and_then(id).map(str::to_owned),
            issued_at: raw.iat.as_ref().and_then(Value::as_f64),
            expires_at: timestamp(expiry),
        })
    }
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, AuthError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| AuthError::Malformed)?;
    // A struct, so that a member that comes twice is refused rather than the last one taken.
    serde_json::from_slice(&bytes).map_err(|_| AuthError::Malformed)
}

fn names_audience(aud: &Value, config: &AuthConfig) -> bool {
    let is_ours = |one: &str| one == config.audience || config.audiences.iter().any(|other| other == one);
    match aud {
        Value::String(one) => is_ours(one),
        Value::Array(several) => several.iter().filter_map(Value::as_str).any(is_ours),
        _ => false,
    }
}

/// A text that can be a column and a key.
fn id(value: &Value) -> Option<&str> {
    let is_id =
        |text: &&str| !text.is_empty() && text.len() <= ID_MAX_BYTES && !text.chars().any(char::is_control);
    value.as_str().filter(is_id)
}

/// Whole seconds; the end of time for what lies beyond it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding down is meant, and a number out of range becomes the largest"
)]
fn timestamp(seconds: f64) -> Timestamp {
    Timestamp::from_second(seconds as i64).unwrap_or(Timestamp::MAX)
}

/// Seconds with fraction: a `NumericDate` may have one.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 stay exact in an f64 for 285 000 years"
)]
fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}
