//! Forwarding by Dapr service invocation: HTTP to the gateway's own sidecar, streamed both ways.

use std::{collections::BTreeMap, error::Error, sync::Arc};

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header::CONTENT_TYPE, uri::PathAndQuery,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use todo_domain::IdSource;
use todo_kit::{
    Environment, Secret, StartError, TraceContext,
    http::{BODY_MAX_BYTES, idempotency},
    problem::{self, Problem},
    trace::{Span, SpanKind, Tracer},
};
use utoipa::openapi::OpenApi;

use crate::{hygiene, openapi, route, route::Target};

const APP_ID: HeaderName = HeaderName::from_static("dapr-app-id");
const API_TOKEN: HeaderName = HeaderName::from_static("dapr-api-token");
/// daprd's own errors are short; more than this is not one.
const SIDECAR_ERROR_MAX_BYTES: usize = 64 * 1024;

/// The way to the services behind.
#[derive(Clone)]
pub struct Forwarder(Arc<Inner>);

struct Inner {
    client: Client<HttpConnector, Body>,
    sidecar: String,
    token: Option<Secret>,
    app_ids: BTreeMap<&'static str, HeaderValue>,
    ids: Arc<dyn IdSource>,
    tracer: Tracer,
}

impl Forwarder {
    /// Through the sidecar at `DAPR_HTTP_PORT`, with `DAPR_API_TOKEN`; `peers` names the app-ids, `ids` are for requests
    /// without an idempotency key.
    pub fn new(
        environment: &Environment,
        peers: &BTreeMap<String, String>,
        ids: Arc<dyn IdSource>,
        tracer: Tracer,
    ) -> Result<Self, StartError> {
        let port = environment.port("DAPR_HTTP_PORT", 3500)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(32)
            .build(connector);
        let mut app_ids = BTreeMap::new();
        for target in Target::ALL {
            if let Some(app_id) = peers.get(target.name()) {
                app_ids.insert(target.name(), HeaderValue::from_str(app_id)?);
            }
        }
        let token = environment.optional_secret("DAPR_API_TOKEN");
        Ok(Self(Arc::new(Inner {
            client,
            sidecar: format!("127.0.0.1:{port}"),
            token,
            app_ids,
            ids,
            tracer,
        })))
    }

    /// Whether a service is named: one that is switched off is not.
    pub(crate) fn knows(&self, target: Target) -> bool {
        self.0.app_ids.contains_key(target.name())
    }

    /// The API of the services that are named.
    pub(crate) fn document(&self) -> OpenApi {
        let named = Target::ALL.into_iter().filter(|target| self.knows(*target));
        openapi::platform(named)
    }
}

/// Forwards a request to `target` and its answer back, within the deadline of its method.
pub(crate) async fn forward(
    State((forwarder, target)): State<(Forwarder, Target)>,
    request: Request,
) -> Result<Response, Problem> {
    if route::is_ambiguous(request.uri().path()) {
        return Err(Problem::new(problem::BAD_REQUEST)
            .detail("the path has an encoded slash or dot, or an empty segment"));
    }
    if request.body().size_hint().lower() > BODY_MAX_BYTES as u64 {
        return Err(too_large());
    }
    let mut span = forwarder.begin(&request, target);
    let request = forwarder.prepare(request, target, span.context())?;
    let mut response = forwarder.invoke(request).await.inspect_err(|problem| {
        span.fail(problem.kind().code);
    })?;
    let status = response.status().as_u16();
    span.number("http.response.status_code", status.into());
    if status >= 400 {
        span.fail(if status < 500 { "4xx" } else { "5xx" });
    }
    hygiene::response(response.headers_mut());
    if response.status().as_u16() >= 400 && !is_problem(&response) {
        return Err(sidecars_error(response, target).await);
    }
    Ok(response)
}

impl Forwarder {
    /// The step that calls the service.
    fn begin(&self, request: &Request, target: Target) -> Span {
        let name = || format!("invoke {}", target.name());
        let mut span = self
            .0
            .tracer
            .begin(TraceContext::current(), SpanKind::Client, name);
        span.text("http.request.method", request.method().as_str());
        span.text("server.address", target.name());
        span
    }

    /// Within the deadline of the method.
    async fn invoke(&self, request: Request) -> Result<Response, Problem> {
        let deadline = route::deadline(request.method());
        let answer = tokio::time::timeout(deadline, self.0.client.request(request)).await;
        let answer = answer.map_err(|_| Problem::new(problem::TIMEOUT))?;
        Ok(answer.map_err(|error| not_forwarded(&error))?.map(Body::new))
    }

    fn prepare(&self, request: Request, target: Target, trace: TraceContext) -> Result<Request, Problem> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let uri = Uri::builder()
            .scheme("http")
            .authority(self.0.sidecar.as_str())
            .path_and_query(path)
            .build();
        parts.uri = uri.map_err(|error| Problem::internal(&error))?;
        parts.version = http::Version::HTTP_11;
        hygiene::request(&mut parts.headers);
        self.name(&parts.method, &mut parts.headers);
        if let Some(app_id) = self.0.app_ids.get(target.name()) {
            parts.headers.insert(APP_ID, app_id.clone());
        }
        if let Some(token) = &self.0.token {
            let value = HeaderValue::from_str(token.expose()).map_err(|error| Problem::internal(&error))?;
            parts.headers.insert(API_TOKEN, value);
        }
        if let Ok(value) = HeaderValue::try_from(trace.to_string()) {
            parts.headers.insert(TraceContext::HEADER, value);
        }
        Ok(Request::from_parts(
            parts,
            Body::new(Limited::new(body, BODY_MAX_BYTES)),
        ))
    }

    /// Gives a write that has no idempotency key one of its own. A sidecar sends a request again by itself when the
    /// connection breaks, and only a key tells the second from a new one. PUT and DELETE need none: done twice they
    /// leave what they leave done once.
    fn name(&self, method: &Method, headers: &mut HeaderMap) {
        if !matches!(*method, Method::POST | Method::PATCH) || headers.contains_key(idempotency::KEY) {
            return;
        }
        if let Ok(key) = HeaderValue::try_from(format!("\"{}\"", self.0.ids.next())) {
            headers.insert(idempotency::KEY, key);
        }
    }
}

/// Why the sidecar gave no answer: a body without a length that turned out too large, or the sidecar itself.
fn not_forwarded(error: &(dyn Error + 'static)) -> Problem {
    let mut causes = std::iter::successors(Some(error), |&cause| cause.source());
    if causes.any(<dyn Error>::is::<LengthLimitError>) {
        too_large()
    } else {
        Problem::unavailable(error)
    }
}

fn too_large() -> Problem {
    Problem::new(problem::TOO_LARGE).detail(format!("{BODY_MAX_BYTES} bytes is the most"))
}

/// Our services answer errors as problems only, so anything else is the sidecar's.
fn is_problem(response: &Response) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("application/problem+json"))
}

/// What a client may know of daprd's own failure. Its text is logged and goes no further.
async fn sidecars_error(response: Response, target: Target) -> Problem {
    let status = response.status();
    let body = Limited::new(response.into_body(), SIDECAR_ERROR_MAX_BYTES)
        .collect()
        .await;
    let text = body
        .map(|b| String::from_utf8_lossy(&b.to_bytes()).into_owned())
        .unwrap_or_default();
    tracing::warn!(
        peer = target.name(),
        status = status.as_u16(),
        answer = text,
        "the sidecar did not reach the service"
    );
    match status {
        StatusCode::FORBIDDEN => Problem::new(problem::BAD_GATEWAY),
        StatusCode::GATEWAY_TIMEOUT => Problem::new(problem::TIMEOUT),
        // Every transport failure of an invocation is a 500 with ERR_DIRECT_INVOKE: the service is away.
        _ if text.contains("ERR_DIRECT_INVOKE") => Problem::new(problem::UNAVAILABLE).retry_after(1),
        _ => Problem::new(problem::BAD_GATEWAY),
    }
}

/// Headers on every answer: nothing here is a page, so nothing may be framed, sniffed or cached.
pub(crate) async fn secure(request: Request, next: axum::middleware::Next) -> Response {
    let mut response = next.run(request).await.into_response();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        response
            .headers_mut()
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
