//! The operator's own HTTP server: `/livez`, `/readyz`, `/metrics`.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// What the operator still waits for before it can work: names of kinds and tasks, empty when ready.
#[derive(Debug, Default)]
pub struct Readiness {
    missing: Mutex<BTreeSet<String>>,
}

impl Readiness {
    /// Not ready for want of this.
    pub fn wait_for(&self, what: impl Into<String>) {
        self.missing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(what.into());
    }

    /// This is there now.
    pub fn have(&self, what: &str) {
        self.missing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(what);
    }

    /// What is missing, sorted; empty when the operator is ready.
    pub fn missing(&self) -> Vec<String> {
        self.missing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}

/// The server's port is taken, or may not be used.
#[derive(Debug, thiserror::Error)]
#[error("--listen {address}: cannot listen there")]
pub struct ListenError {
    address: SocketAddr,
    source: std::io::Error,
}

#[derive(Clone)]
struct Shared {
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
}

/// The routes, for the server and for tests.
fn router(readiness: Arc<Readiness>, metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(text))
        .with_state(Shared { readiness, metrics })
}

/// Serves until `stop`. Liveness depends on nothing; readiness on the watches being in sync.
pub async fn serve(
    address: SocketAddr,
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let failed = |source| ListenError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    tracing::info!(listen = %address, "serving probes and metrics");
    axum::serve(listener, router(readiness, metrics))
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .map_err(failed)
}

async fn readyz(State(shared): State<Shared>) -> Response {
    let missing = shared.readiness.missing();
    if missing.is_empty() {
        "ok\n".into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("waiting for: {}\n", missing.join(", ")),
        )
            .into_response()
    }
}

async fn text(State(shared): State<Shared>) -> Response {
    match shared.metrics.text() {
        Ok(text) => (
            [(
                header::CONTENT_TYPE,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(_error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use http::Request;
    use tower::ServiceExt;

    async fn answer(readiness: &Arc<Readiness>, path: &str) -> (StatusCode, String) {
        let router = router(Arc::clone(readiness), Arc::new(Metrics::default()));
        let response = router
            .oneshot(Request::get(path).body(Body::empty()).unwrap())
            .await
            .unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn readiness_names_what_is_missing_and_liveness_does_not_care() {
        let readiness = Arc::new(Readiness::default());
        readiness.wait_for("watch of Deployment");
        readiness.wait_for("kind TodoPlatform");
        assert_eq!(
            answer(&readiness, "/readyz").await,
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "waiting for: kind TodoPlatform, watch of Deployment\n".to_owned()
            )
        );
        assert_eq!(answer(&readiness, "/livez").await.0, StatusCode::OK);
        readiness.have("watch of Deployment");
        readiness.have("kind TodoPlatform");
        assert_eq!(
            answer(&readiness, "/readyz").await,
            (StatusCode::OK, "ok\n".to_owned())
        );
    }

    #[tokio::test]
    async fn metrics_are_served_as_openmetrics() {
        let (status, text) = answer(&Arc::new(Readiness::default()), "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
