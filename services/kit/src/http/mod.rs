//! The HTTP stack: two listeners, limits, problems, request logs.
//!
//! On the app port every request passes, from the outside in: [`observe`] (trace, log line, metrics), [`limit`]
//! (concurrency, deadline), the body limit, [`app_token`] unless the port is public, and around the routes of events what
//! measures and traces those ([`crate::events`]). `/healthz` is answered before all that: daprd asks every few seconds,
//! without token, and counts for itself.

pub mod admin;
mod app;
mod app_token;
mod etag;
mod extract;
pub mod idempotency;
mod limit;
mod observe;

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use app::{AppLayers, app};
pub use etag::{IfMatch, etag};
pub use extract::{Id, Ids, Json, Query};
pub use limit::BODY_MAX_BYTES;

/// Why a listener ended.
#[derive(Debug, thiserror::Error)]
#[error("listener {address}: {attempt}")]
pub struct ListenError {
    address: SocketAddr,
    attempt: &'static str,
    source: std::io::Error,
}

/// A bound listener.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| ListenError {
        address,
        attempt: "cannot be bound",
        source,
    })
}

/// Serves `router` until `stop`, then finishes what has begun.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let address = listener
        .local_addr()
        .unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
    axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .map_err(|source| ListenError {
            address,
            attempt: "failed while serving",
            source,
        })
}
