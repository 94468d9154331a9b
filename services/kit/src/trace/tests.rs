//! Requests through the app port, traced to a collector that is real but for what it does with the spans.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use http::{Request, StatusCode};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind as Kind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode as Code;
use opentelemetry_sdk::Resource;
use todo_collector::Collector;
use todo_domain::{FixedClock, SequentialIds, Topic};
use tower::ServiceExt;

use super::*;
use crate::Environment;
use crate::events::Outcome;
use crate::metrics::Metrics;
use crate::testing::{TestIssuer, traced_app};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
/// Longer than any test takes.
const LONG: Duration = Duration::from_mins(1);

/// A `traceparent` of [`TRACE`].
fn traceparent(span: &str, is_sampled: bool) -> String {
    format!("00-{TRACE}-{span}-{:02}", u8::from(is_sampled))
}

fn settings(variables: &[(&str, &str)]) -> TraceSettings {
    TraceSettings::of(&variables.iter().copied().collect()).unwrap()
}

fn start(endpoint: &str) -> Tracer {
    let settings = settings(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("HOSTNAME", "task-1")]);
    settings
        .start("todo-task", Arc::new(SequentialIds::default()))
        .unwrap()
}

/// The app port of a service that happened to be written for this test, and its metrics.
fn app(tracer: &Tracer) -> (Router, Metrics) {
    let routes = Router::new()
        .route("/v1/things/{id}", get(|| async { "a thing" }))
        .route("/v1/broken", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .route(
            &Topic::TaskCreated.route(),
            post(|body: Bytes| async move {
                if body.starts_with(b"{") {
                    Outcome::Applied
                } else {
                    Outcome::Drop
                }
            }),
        );
    let metrics = Metrics::new("test", "0.0.0");
    let clock = Arc::new(FixedClock::new("2026-11-21T12:00:07Z".parse().unwrap()));
    let app = traced_app(
        routes,
        &TestIssuer::new(1),
        clock,
        metrics.clone(),
        tracer.clone(),
    );
    (app, metrics)
}

/// Asks for `path`, and gives the id that the answer names.
async fn ask(app: &Router, path: &str, traceparent: Option<&str>) -> String {
    let mut request = Request::get(path);
    if let Some(traceparent) = traceparent {
        request = request.header("traceparent", traceparent);
    }
    send(app, request.body(Body::empty()).unwrap()).await
}

async fn send(app: &Router, request: Request<Body>) -> String {
    let answer = app.clone().oneshot(request).await.unwrap();
    answer.headers()["x-request-id"].to_str().unwrap().to_owned()
}

/// An event that was published by the step `b7ad6b7169203331` and is delivered by the sidecar's step `00f067aa0ba902b7`.
fn delivery(body: &str) -> Request<Body> {
    Request::post(Topic::TaskCreated.route())
        .header("traceparent", traceparent("00f067aa0ba902b7", true))
        .body(Body::from(body.to_owned()))
        .unwrap()
}

fn event() -> String {
    let event = serde_json::json!({
        "id": "01900000-0000-7000-8000-000000000002", "time": "2026-11-21T12:00:00Z",
        "traceparent": traceparent("b7ad6b7169203331", true), "title": "Buy milk",
    });
    event.to_string()
}

/// As a `traceparent` writes it.
fn hex(bytes: &[u8]) -> String {
    let id = bytes.iter().fold(0, |id, byte| id << 8 | u128::from(*byte));
    format!("{id:0width$x}", width = bytes.len() * 2)
}

fn text(span: &Span, key: &str) -> Option<String> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.clone()? {
        Any::StringValue(text) => Some(text),
        Any::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}

fn is_error(span: &Span) -> bool {
    span.status
        .as_ref()
        .is_some_and(|status| status.code() == Code::Error)
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("no {name} among {spans:#?}"))
}

#[tokio::test]
async fn a_request_is_a_step_of_its_callers_trace() {
    let collector = Collector::start().await.unwrap();
    let tracer = start(&collector.endpoint());
    let (app, _) = app(&tracer);
    let id = ask(&app, "/v1/things/7", Some(&traceparent("b7ad6b7169203331", true))).await;
    ask(&app, "/v1/broken", None).await;
    ask(&app, "/nowhere/7", None).await;
    ask_health(&app).await;
    tracer.flush(LONG).await.unwrap();

    let spans = collector.spans();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["GET /v1/things/{id}", "GET /v1/broken", "GET"]);
    let [answered, broken, unmatched] = spans.try_into().unwrap();
    assert_eq!((hex(&answered.trace_id).as_str(), id.as_str()), (TRACE, TRACE));
    assert_eq!(hex(&answered.parent_span_id), "b7ad6b7169203331");
    assert_eq!(answered.kind(), Kind::Server);
    let expected = [
        ("http.request.method", "GET"),
        ("http.route", "/v1/things/{id}"),
        ("url.path", "/v1/things/7"),
        ("url.scheme", "http"),
        ("http.response.status_code", "200"),
    ];
    for (key, value) in expected {
        assert_eq!(text(&answered, key).as_deref(), Some(value), "{key}");
    }
    assert!(!is_error(&answered) && is_error(&broken) && !is_error(&unmatched));
    assert_ne!(
        broken.trace_id, answered.trace_id,
        "who begins a trace names it anew"
    );
    assert_eq!(text(&unmatched, "http.route"), None);
}

async fn ask_health(app: &Router) {
    let request = Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(app.clone().oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_event_is_handled_within_its_delivery_and_linked_to_its_publishing() {
    let collector = Collector::start().await.unwrap();
    let tracer = start(&collector.endpoint());
    let (app, metrics) = app(&tracer);
    send(&app, delivery(&event())).await;
    send(&app, delivery("no json")).await;
    tracer.flush(LONG).await.unwrap();

    let spans = collector.spans();
    let delivered = named(&spans, "POST /events/task.created");
    let handled = named(&spans, "process task.created");
    assert_eq!(hex(&delivered.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(handled.parent_span_id, delivered.span_id);
    assert_eq!(hex(&handled.trace_id), TRACE);
    assert_eq!(handled.kind(), Kind::Consumer);
    let links: Vec<(String, String)> = handled
        .links
        .iter()
        .map(|link| (hex(&link.trace_id), hex(&link.span_id)))
        .collect();
    assert_eq!(links, [(TRACE.to_owned(), "b7ad6b7169203331".to_owned())]);
    assert_eq!(text(handled, "todo.outcome").as_deref(), Some("applied"));
    let id = "01900000-0000-7000-8000-000000000002";
    assert_eq!(text(handled, "messaging.message.id").as_deref(), Some(id));
    assert!(
        !format!("{spans:?}").contains("milk"),
        "what an event says is not for the collector"
    );
    let dropped = spans
        .iter()
        .find(|span| text(span, "todo.outcome").as_deref() == Some("dropped"));
    assert!(is_error(dropped.unwrap()));

    let text = metrics.encode().unwrap();
    for line in [
        "todo_event_handled_total{topic=\"task.created\",outcome=\"applied\"} 1",
        "todo_event_handled_total{topic=\"task.created\",outcome=\"dropped\"} 1",
        "todo_event_handled_total{topic=\"task.created\",outcome=\"duplicate\"} 0",
        "todo_event_handled_total{topic=\"task.created\",outcome=\"retried\"} 0",
        "todo_event_age_seconds_sum{topic=\"task.created\"} 7.0",
        "todo_event_age_seconds_count{topic=\"task.created\"} 1",
        "todo_event_age_seconds_bucket{le=\"10.0\",topic=\"task.created\"} 1 # {trace_id=\"0af7651916cd43dd8448eb211c80319c\"} 7.0",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[tokio::test]
async fn what_is_not_sampled_is_not_sent_and_passes_on_as_it_came() {
    let collector = Collector::start().await.unwrap();
    let tracer = start(&collector.endpoint());
    let (app, metrics) = app(&tracer);
    let id = ask(
        &app,
        "/v1/things/7",
        Some(&traceparent("b7ad6b7169203331", false)),
    )
    .await;
    assert_eq!(id, TRACE);
    let parent = TraceContext::parse(&traceparent("b7ad6b7169203331", false));
    let step = tracer.begin(parent, SpanKind::Client, || "call").context();
    assert!(!step.is_sampled());
    assert_eq!(step.trace_id(), TRACE);
    tracer.flush(LONG).await.unwrap();
    assert_eq!(collector.spans(), []);
    assert!(!metrics.encode().unwrap().contains("trace_id"));
}

#[tokio::test]
async fn what_comes_long_after_has_a_trace_of_its_own_that_links_back() {
    let collector = Collector::start().await.unwrap();
    let tracer = start(&collector.endpoint());
    let cause = TraceContext::parse(&traceparent("b7ad6b7169203331", true));
    drop(tracer.begin_after(cause, SpanKind::Internal, || "fire"));
    let unkept = TraceContext::parse(&traceparent("b7ad6b7169203331", false));
    drop(tracer.begin_after(unkept, SpanKind::Internal, || "fire"));
    tracer.flush(LONG).await.unwrap();

    let [fire] = collector.spans().try_into().unwrap();
    assert_ne!(hex(&fire.trace_id), TRACE);
    assert_eq!(fire.parent_span_id, Vec::<u8>::new());
    assert_eq!(hex(&fire.links[0].trace_id), TRACE);
}

#[tokio::test]
async fn a_collector_that_is_away_holds_up_neither_a_request_nor_the_end() {
    let (silent, _listener) = todo_collector::silent().await.unwrap();
    let tracer = start(&silent);
    let (app, _) = app(&tracer);
    let answered = tokio::time::timeout(LONG / 4, ask(&app, "/v1/things/7", None)).await;
    assert!(answered.is_ok(), "nobody waits for the collector");
    let limit = Duration::from_millis(20);
    let ended = format!("{:?}", tracer.flush(limit).await);
    assert!(ended.contains("Timeout(20ms)"), "{ended}");
    ask(&app, "/v1/things/7", None).await;
}

#[tokio::test]
async fn without_a_collector_the_context_passes_on_and_nothing_is_kept() {
    let ids = Arc::new(SequentialIds::default());
    let tracer = settings(&[]).start("todo-task", ids).unwrap();
    let (app, metrics) = app(&tracer);
    let id = ask(&app, "/v1/things/7", Some(&traceparent("b7ad6b7169203331", true))).await;
    assert_eq!(id, TRACE);
    let own = tracer.begin(None, SpanKind::Client, unreachable_name).context();
    assert!(!own.is_sampled());
    tracer.flush(LONG).await.unwrap();
    assert!(
        metrics.encode().unwrap().contains("trace_id"),
        "its caller keeps this one"
    );
}

/// A name that is never asked for: what is not kept has none.
fn unreachable_name() -> String {
    unreachable!("a span that nobody keeps is named")
}

#[tokio::test]
async fn who_sends_is_said_with_the_spans() {
    let collector = Collector::start().await.unwrap();
    let tracer = start(&collector.endpoint());
    drop(tracer.begin(None, SpanKind::Internal, || "x"));
    tracer.flush(LONG).await.unwrap();
    let own = collector.resource();
    for (key, value) in [("service.name", "todo-task"), ("service.instance.id", "task-1")] {
        let said = own.iter().find(|attribute| attribute.key == key).unwrap();
        let said = said.value.clone().unwrap().value;
        assert_eq!(said, Some(Any::StringValue(value.to_owned())), "{key}");
    }
}

#[test]
fn what_the_environment_says_goes_before_what_the_service_knows() {
    let settings = settings(&[("HOSTNAME", "task-1")]);
    let keys = |said: Resource| {
        let own = settings.own_attributes(&said, "todo-task");
        let keys: Vec<String> = own.iter().map(|own| own.key.to_string()).collect();
        keys
    };
    let unnamed = Resource::builder_empty().with_service_name("unknown_service:x");
    assert_eq!(
        keys(unnamed.build()),
        ["service.name", "service.version", "service.instance.id"]
    );
    let named = Resource::builder_empty().with_service_name("blue");
    assert_eq!(keys(named.build()), ["service.version", "service.instance.id"]);
}

#[test]
fn the_variables_are_read_and_what_is_no_url_is_refused() {
    let both = settings(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4317"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://b:4317"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
    ]);
    assert_eq!(both.endpoint.as_deref(), Some("https://b:4317"));
    assert_eq!(both.ca_file.as_deref(), Some("/ca.pem".as_ref()));
    assert_eq!(settings(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]).endpoint, None);
    for wrong in ["collector:4317", "collector", "grpc://collector:4317", "http://"] {
        let environment: Environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", wrong)].into_iter().collect();
        let error = TraceSettings::of(&environment).unwrap_err().to_string();
        assert!(error.contains("http://otel-collector"), "{wrong}: {error}");
    }
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_is_named() {
    let settings = settings(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.test:4317"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"),
    ]);
    let ids = Arc::new(SequentialIds::default());
    let error = settings.start("todo-task", ids).err().unwrap();
    assert!(error.to_string().contains("/nowhere/ca.pem"), "{error}");
}
