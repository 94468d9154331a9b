//! What is known of each request: its trace, one log line, its metrics.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use todo_domain::IdSource;
use tokio::time::Instant;
use tracing::Instrument;

use crate::TraceContext;
use crate::metrics::Metrics;
use crate::problem::{self, Problem};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest path that is looked at.
const PATH_MAX_BYTES: usize = 2048;

pub(super) struct Observer {
    pub(super) metrics: Metrics,
    pub(super) ids: Arc<dyn IdSource>,
}

/// Continues the caller's trace or begins one, answers its id as `x-request-id`, logs and counts.
pub(super) async fn observe(State(observer): State<Arc<Observer>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let parent = request
        .headers()
        .get(TRACEPARENT)
        .and_then(|value| TraceContext::parse(value.to_str().ok()?));
    let ids = observer.ids.as_ref();
    let trace = parent.map_or_else(|| TraceContext::root(ids), |parent| parent.child(ids));
    let trace_id = trace.trace_id();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!("http", method = %method, route, trace_id);

    let mut response = trace.scope(next.run(request).instrument(span.clone())).await;

    if let Ok(id) = HeaderValue::try_from(&trace_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    observer.metrics.request(&method, &route, status, took);
    let latency_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let _entered = span.enter();
    match status {
        // daprd asks every few seconds; a line each would say nothing.
        200 if route == "/healthz" => tracing::debug!(status, latency_ms, "answered"),
        500.. => tracing::warn!(status, latency_ms, "answered"),
        _ => tracing::info!(status, latency_ms, "answered"),
    }
    response
}

/// Refuses a path that no route of ours could have.
pub(super) async fn refuse_overlong_paths(request: Request, next: Next) -> Response {
    if request.uri().path().len() > PATH_MAX_BYTES {
        return Problem::new(problem::BAD_REQUEST)
            .detail("the path is too long")
            .into_response();
    }
    next.run(request).await
}
