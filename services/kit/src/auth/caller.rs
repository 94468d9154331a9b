//! The caller of a request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

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
    /// The token's `sid`: the session that it belongs to.
    pub session: Option<String>,
    /// The token's `iat`, in seconds since 1970.
    pub issued_at: Option<f64>,
    /// The token itself, to be sent on to other services.
    pub token: Secret,
}

impl Caller {
    /// Who sent these headers, by `verifier`.
    pub async fn of(headers: &HeaderMap, verifier: &Verifier) -> Result<Self, AuthError> {
        let token = bearer(headers).ok_or(AuthError::Missing)?;
        let Claims {
            sub,
            email,
            session,
            issued_at,
            expires_at: _,
        } = verifier.verify(token).await?;
        Ok(Self {
            sub,
            email,
            session,
            issued_at,
            token: Secret::new(token),
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let verifier = parts.extensions.get::<Arc<Verifier>>().cloned();
        let verifier = verifier.ok_or_else(|| Problem::new(problem::INTERNAL))?;
        let caller = Self::of(&parts.headers, &verifier).await;
        caller.map_err(|error| verifier.refuse(error))
    }
}

/// The one token of the request. Two of them are none: whoever reads the other one would see another caller.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
