//! The caller of a request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header::WWW_AUTHENTICATE};

use super::{AuthError, Claims, Verifier};
use crate::Secret;
use crate::problem::{self, Problem};

/// The user whose valid token came with the request. An extractor; without such a token the answer is 401.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The token's `sub`: what `owner` means everywhere.
    pub sub: String,
    /// The token's `email`, unless the issuer says that it is not verified.
    pub email: Option<String>,
    /// The token itself, to be sent on to other services.
    pub token: Secret,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let verifier = parts.extensions.get::<Arc<Verifier>>().cloned();
        let verifier = verifier.ok_or_else(|| Problem::new(problem::INTERNAL))?;
        let token = bearer(&parts.headers)?;
        match verifier.verify(token).await {
            Ok(Claims { sub, email }) => Ok(Self {
                sub,
                email,
                token: Secret::new(token),
            }),
            // The issuer is away and no key was ever seen: nobody's fault who calls.
            Err(error @ AuthError::NoKeys) => Err(Problem::unavailable(&error)),
            Err(error) => {
                tracing::info!(reason = error.reason(), "token refused");
                Err(Problem::unauthorized(error.to_string()))
            }
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let missing = || {
        // RFC 6750: no error code when there was no attempt.
        let challenge = HeaderValue::from_static("Bearer");
        Problem::unauthorized("send Authorization: Bearer <token>").header(WWW_AUTHENTICATE, challenge)
    };
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(missing());
    };
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(missing())
    }
}
