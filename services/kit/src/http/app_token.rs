//! Only the sidecar may ask: the token between daprd and the app.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use crate::Secret;
use crate::problem::{self, Problem};

/// The header in which daprd sends `APP_API_TOKEN`, and the app sends `DAPR_API_TOKEN`.
pub(crate) const TOKEN_HEADER: &str = "dapr-api-token";

/// Refuses what does not carry the token; takes it off what does.
pub(super) async fn app_token(
    State(token): State<Arc<Secret>>,
    mut request: Request,
    next: Next,
) -> Response {
    let sent = request.headers_mut().remove(TOKEN_HEADER);
    let fits = sent.is_some_and(|sent| bool::from(sent.as_bytes().ct_eq(token.expose().as_bytes())));
    if fits {
        next.run(request).await
    } else {
        Problem::new(problem::NOT_FROM_SIDECAR).into_response()
    }
}
