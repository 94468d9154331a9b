//! The app port.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::StatusCode;
use todo_domain::IdSource;

use super::app_token::app_token;
use super::limit::{BODY_MAX_BYTES, Limits, limit};
use super::observe::{Observer, observe};
use crate::auth::Verifier;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::problem::{self, Problem};
use crate::{Secret, events};

/// What the layers of the app port need.
pub struct AppLayers {
    /// Counts requests.
    pub metrics: Metrics,
    /// Answers `/healthz`.
    pub health: Health,
    /// Names traces.
    pub ids: Arc<dyn IdSource>,
    /// Verifies the callers' tokens.
    pub verifier: Arc<Verifier>,
    /// What daprd must send; `None` on a public port, which then has no Dapr routes either.
    pub app_token: Option<Secret>,
}

/// The service's own `routes` with all that the port needs around them. `routes` must have no fallback of its own.
pub fn app(routes: Router, layers: AppLayers) -> Router {
    let AppLayers {
        metrics,
        health,
        ids,
        verifier,
        app_token: token,
    } = layers;
    let guarded = match token {
        None => routes
            .fallback(unmatched)
            .method_not_allowed_fallback(wrong_method),
        Some(token) => routes
            .merge(dapr_routes(&metrics))
            .fallback(unmatched)
            .method_not_allowed_fallback(wrong_method)
            .layer(from_fn_with_state(Arc::new(token), app_token)),
    };
    let limited = guarded
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(from_fn_with_state(Limits::default(), limit))
        .layer(Extension(verifier));
    limited
        .route("/healthz", get(move || async move { healthz(&health) }))
        .layer(from_fn_with_state(Arc::new(Observer { metrics, ids }), observe))
        .layer(from_fn(super::observe::refuse_overlong_paths))
}

/// What daprd asks of an app: it subscribes by declaration only, and brings its dead letters.
fn dapr_routes(metrics: &Metrics) -> Router {
    Router::new()
        .route(
            "/dapr/subscribe",
            get(|| async { axum::Json(serde_json::json!([])) }),
        )
        .route(
            "/dapr/config",
            get(|| async { axum::Json(serde_json::json!({})) }),
        )
        .route(
            events::DEAD_LETTER_ROUTE,
            post(events::dead_letter).with_state(events::DeadLetters::new(metrics)),
        )
}

fn healthz(health: &Health) -> StatusCode {
    if health.takes_events() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// 404; but 500 for an event, because to daprd a 404 means "handled, forget it".
async fn unmatched(request: Request) -> Problem {
    let path = request.uri().path();
    if path.starts_with(events::PREFIX) || path.starts_with("/job/") {
        tracing::error!(path, "no route for this event");
        return Problem::new(problem::INTERNAL);
    }
    Problem::not_found()
}

async fn wrong_method() -> Problem {
    Problem::new(problem::METHOD_NOT_ALLOWED)
}
