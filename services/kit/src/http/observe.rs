//! What is known of each request: its trace, one log line, its metrics.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method};
use tokio::time::Instant;
use tracing::Instrument;

use crate::TraceContext;
use crate::metrics::{Metrics, known_method};
use crate::problem::{self, Problem};
use crate::trace::{Span, SpanKind, Tracer};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest path that is looked at.
const PATH_MAX_BYTES: usize = 2048;

pub(super) struct Observer {
    pub(super) metrics: Metrics,
    pub(super) tracer: Tracer,
}

/// Continues the caller's trace or begins one, answers its id as `x-request-id`, logs and counts.
pub(super) async fn observe(State(observer): State<Arc<Observer>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let _in_flight = observer.metrics.begin_request();
    let parent = request
        .headers()
        .get(TraceContext::HEADER)
        .and_then(|value| TraceContext::parse(value.to_str().ok()?));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut span = observer
        .tracer
        .begin(parent, SpanKind::Server, || name(&method, route.as_ref()));
    describe(&mut span, &request, route.as_ref());
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let trace = span.context();
    let trace_id = trace.trace_id();
    let lines = tracing::info_span!("http", method = %method, route, trace_id);

    let mut response = trace.scope(next.run(request).instrument(lines.clone())).await;

    if let Ok(id) = HeaderValue::try_from(&trace_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    span.number("http.response.status_code", status.into());
    if status >= 500 {
        span.fail("5xx");
    }
    observer.metrics.request(&method, route, status, took, trace);
    let latency_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let _entered = lines.enter();
    match status {
        500.. => tracing::warn!(status, latency_ms, "answered"),
        _ => tracing::info!(status, latency_ms, "answered"),
    }
    response
}

/// Few names: by method and template, never by path.
fn name(method: &Method, route: Option<&MatchedPath>) -> String {
    let method = known_method(method).unwrap_or("HTTP");
    route.map_or_else(
        || method.to_owned(),
        |route| format!("{method} {}", route.as_str()),
    )
}

fn describe(span: &mut Span, request: &Request, route: Option<&MatchedPath>) {
    span.text(
        "http.request.method",
        known_method(request.method()).unwrap_or("_OTHER"),
    );
    span.text("url.scheme", "http");
    span.text("url.path", request.uri().path());
    if let Some(route) = route {
        span.text("http.route", route.as_str());
    }
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
