//! The admin port: probes and metrics. Never reachable from outside the cluster.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::failpoint;
use crate::health::Health;
use crate::metrics::{self, Metrics};

/// `/livez`, `/readyz`, `/startupz`, `/metrics`, and in programs for tests the control of [`failpoint`].
pub fn router(health: Health, metrics: Metrics) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/startupz", get(startupz))
        .route("/readyz", get(readyz))
        .with_state(health)
        .route("/metrics", get(encode).with_state(metrics))
        .merge(failpoint::control())
}

async fn startupz(State(health): State<Health>) -> StatusCode {
    if health.is_started() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// What is not ready, by name; an empty object when ready.
async fn readyz(State(health): State<Health>) -> Response {
    let not_ready = health.not_ready();
    let status = if not_ready.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(serde_json::json!({ "not_ready": not_ready }))).into_response()
}

async fn encode(State(metrics): State<Metrics>) -> Response {
    match metrics.encode() {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be encoded");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
