//! The door: who calls, whether that still holds, and how much. Nothing behind it sees a request that did not pass.
//!
//! Requests without a token that is accepted are counted too, by the address that they come from; a good token is never
//! refused for its address's sake, because a whole office may have one address. A token that bears the issuer's
//! signature, but has expired, say, cannot be made up: it is counted by itself, so that a forgotten page does not use up
//! what its neighbours have.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, Extension, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use todo_kit::auth::{AuthError, Caller, Verifier, bearer};

use crate::{
    client::{self, Proxies},
    limit::{Class, Limiter, OnError},
    revocation::Revocations,
};

/// What a request must pass.
pub struct Door {
    /// How much.
    pub limiter: Limiter,
    /// Who was signed out.
    pub revocations: Revocations,
    /// Who is believed about where a request comes from.
    pub proxies: Proxies,
}

/// Verifies the caller, counts the request, and lets it pass or answers 401, 429 or 503.
pub async fn admit(
    State(door): State<Arc<Door>>,
    Extension(verifier): Extension<Arc<Verifier>>,
    request: Request,
    next: Next,
) -> Response {
    match door.identify(request.headers(), &verifier).await {
        Ok(caller) => door.count(&caller, request, next).await,
        Err(AuthError::NoKeys) => verifier.refuse(AuthError::NoKeys).into_response(),
        Err(error) => {
            let subject = door.subject(error, &request);
            door.refuse(error, &subject, &verifier).await
        }
    }
}

impl Door {
    async fn identify(&self, headers: &http::HeaderMap, verifier: &Verifier) -> Result<Caller, AuthError> {
        let caller = Caller::of(headers, verifier).await?;
        if self.revocations.has(&caller).await {
            return Err(AuthError::Revoked);
        }
        Ok(caller)
    }

    async fn count(&self, caller: &Caller, request: Request, next: Next) -> Response {
        let class = Class::of(request.method(), request.uri().path());
        let policy = self.limiter.policies().of(class);
        match self.limiter.count(&caller.sub, &policy, OnError::Local).await {
            Ok(decision) => decision.tell(&policy, next.run(request).await),
            Err(refusal) => refusal,
        }
    }

    async fn refuse(&self, error: AuthError, subject: &str, verifier: &Verifier) -> Response {
        let (policy, on_error) = self.limiter.policies().unauthenticated();
        match self.limiter.count(subject, &policy, on_error).await {
            Ok(decision) => decision.tell(&policy, verifier.refuse(error).into_response()),
            Err(refusal) => refusal,
        }
    }

    /// Under what name a request without a good token is counted.
    fn subject(&self, error: AuthError, request: &Request) -> String {
        if let (true, Some(token)) = (error.is_signed(), bearer(request.headers())) {
            return format!("token {:x}", Sha256::digest(token));
        }
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        peer.map_or_else(
            || "unknown".to_owned(),
            |ConnectInfo(peer)| client::subject(self.proxies.client(peer.ip(), request.headers())),
        )
    }
}
