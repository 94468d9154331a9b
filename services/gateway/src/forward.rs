//! Forwarding by Dapr service invocation: HTTP to the gateway's own sidecar, streamed both ways.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header::ACCEPT, uri::PathAndQuery};
use http_body_util::Limited;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::TokioExecutor,
};
use todo_domain::IdSource;
use todo_kit::{
    Environment, Secret, StartError, TraceContext,
    http::{BODY_MAX_BYTES, idempotency},
    metrics::Metrics,
    problem::Problem,
    trace::{Span, SpanKind, Tracer},
};
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;

use crate::{
    body::Upload,
    circuit::Circuits,
    failure::{self, Judged},
    hygiene, openapi, route,
    route::Target,
    stream::{self, Streams},
};

const APP_ID: HeaderName = HeaderName::from_static("dapr-app-id");
const API_TOKEN: HeaderName = HeaderName::from_static("dapr-api-token");
/// How long a read waits before it is sent once more, when the sidecar gave no answer.
const SENT_AGAIN: Duration = Duration::from_millis(100);

/// The way to the services behind.
#[derive(Clone)]
pub struct Forwarder(Arc<Inner>);

struct Inner {
    client: Client<HttpConnector, Body>,
    sidecar: String,
    token: Option<Secret>,
    app_ids: BTreeMap<&'static str, HeaderValue>,
    circuits: Circuits,
    streams: Streams,
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
        metrics: &Metrics,
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
            circuits: Circuits::new(metrics),
            streams: Streams::new(metrics),
            ids,
            tracer,
        })))
    }

    /// Ends the streams of events when `stop` comes: their clients go to another replica, and go on there.
    pub async fn end_streams(self, stop: CancellationToken) {
        stop.cancelled().await;
        self.0.streams.end();
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
    if request.body().size_hint().lower() > BODY_MAX_BYTES as u64 {
        return Err(failure::too_large());
    }
    let ticket = forwarder.0.circuits.admit(target)?;
    let mut span = forwarder.begin(&request, target);
    let upload = Upload::default();
    let request = forwarder.prepare(request, target, span.context(), &upload)?;
    let (outcome, answer) = forwarder.invoke(request, target, &upload, &mut span).await;
    ticket.settle(outcome);
    let mut response = answer.inspect_err(|problem| span.fail(problem.kind().code))?;
    hygiene::response(response.headers_mut());
    forwarder.0.streams.watch(response)
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

    /// Within the deadline of the method; what comes after an answer's head has a patience of its own.
    async fn invoke(&self, request: Request, target: Target, upload: &Upload, span: &mut Span) -> Judged {
        let deadline = route::deadline(request.method());
        let response = match tokio::time::timeout(deadline, self.send(request)).await {
            Ok(Ok(response)) => response.map(Body::new),
            Ok(Err(error)) => return failure::not_forwarded(&error, upload),
            Err(_) => return failure::too_late(upload),
        };
        let status = response.status().as_u16();
        span.number("http.response.status_code", status.into());
        if status >= 400 {
            span.fail(if status < 500 { "4xx" } else { "5xx" });
        }
        failure::answered(response, target).await
    }

    /// Once more, if it is a read and the sidecar gave no answer at all. Everything else is sent once: the sidecar and
    /// the client send again themselves, and only they know whether they may.
    async fn send(&self, request: Request) -> Result<http::Response<Incoming>, Error> {
        let again = is_plain_read(&request).then(|| {
            let mut again = Request::new(Body::empty());
            *again.method_mut() = request.method().clone();
            *again.uri_mut() = request.uri().clone();
            *again.headers_mut() = request.headers().clone();
            again
        });
        match (self.0.client.request(request).await, again) {
            (Err(error), Some(again)) => {
                tracing::debug!(%error, "a read is sent once more");
                tokio::time::sleep(SENT_AGAIN).await;
                self.0.client.request(again).await
            }
            (answer, _) => answer,
        }
    }

    fn prepare(
        &self,
        request: Request,
        target: Target,
        trace: TraceContext,
        upload: &Upload,
    ) -> Result<Request, Problem> {
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
        if stream::is_wanted(&parts.method, &parts.headers) {
            parts.headers.insert(ACCEPT, stream::EVENTS);
        }
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
        let body = Body::new(Limited::new(body, BODY_MAX_BYTES));
        Ok(Request::from_parts(parts, upload.watch(body)))
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

fn is_plain_read(request: &Request) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD) && request.body().is_end_stream()
}
