//! Passes against an API server in memory, traced to a collector that is real but for what it does with the spans.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use kube::core::DeserializeGuard;
use kube::runtime::controller::Action;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use todo_collector::Collector;
use tonic::transport::{Identity, Server, ServerTlsConfig};

use super::*;
use crate::reconcile::reconcile;
use crate::testing::{FakeApi, FakeOperator, dapr_kinds, platform, shown};
use traces::TraceSettings;

/// The log of a test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self) -> Vec<Value> {
        let text = self.0.lock().unwrap().clone();
        let text = String::from_utf8(text).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn settings(endpoint: String) -> TraceSettings {
    TraceSettings {
        endpoint,
        sampling_ratio: None,
        ca_file: None,
        pod: Some("operator-1".into()),
    }
}

/// A fresh development platform and what one pass over it gives, logged as `run` would.
async fn pass(api: &Arc<FakeApi>, traces: Option<&Traces>) -> (Action, Log) {
    platform(api, &json!({"profile": "development"}));
    let operator = FakeOperator::new(api, &dapr_kinds());
    let log = Log::default();
    let writer = log.clone();
    let filter = EnvFilter::new("debug");
    let layers = layers(LogFormat::Json, filter, move || writer.clone(), traces);
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layers));
    let guarded = Arc::new(DeserializeGuard(Ok(shown(api))));
    let action = reconcile(guarded, operator.context).await.unwrap();
    drop(guard);
    (action, log)
}

/// A pass whose traces are sent, and then the end of the process.
async fn sent(api: &Arc<FakeApi>, settings: &TraceSettings) -> Log {
    let traces = Traces::start(settings).unwrap();
    let (_action, log) = pass(api, Some(&traces)).await;
    // What has arrived after this has been flushed: the batch would otherwise wait for seconds.
    traces.flush(Duration::from_mins(1)).await.unwrap();
    log
}

/// The same, with a collector that takes everything.
async fn traced(api: &Arc<FakeApi>, sampling_ratio: Option<f64>) -> (Collector, Log) {
    let collector = Collector::start().await.unwrap();
    let settings = TraceSettings {
        sampling_ratio,
        ..settings(collector.endpoint())
    };
    let log = sent(api, &settings).await;
    (collector, log)
}

/// The one span of a pass, and the spans of its steps in the order in which they ended.
fn parted(spans: &[Span]) -> (&Span, Vec<&Span>) {
    let (passes, steps): (Vec<_>, Vec<_>) = spans.iter().partition(|span| span.name == "pass");
    assert_eq!(passes.len(), 1, "{spans:#?}");
    (passes[0], steps)
}

fn attribute(span: &Span, key: &str) -> Option<Any> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == key)?;
    attribute.value.as_ref()?.value.clone()
}

fn text(span: &Span, key: &str) -> Option<String> {
    match attribute(span, key)? {
        Any::StringValue(text) => Some(text),
        _ => None,
    }
}

fn is_error(span: &Span) -> bool {
    span.status
        .as_ref()
        .is_some_and(|status| status.code() == StatusCode::Error)
}

#[tokio::test]
async fn a_pass_is_one_trace_with_its_steps_under_it() {
    let api = Arc::new(FakeApi::default());
    let (collector, log) = traced(&api, None).await;
    let spans = collector.spans();
    let (pass, steps) = parted(&spans);
    assert_eq!(pass.parent_span_id, Vec::<u8>::new(), "a pass has no parent");
    assert_eq!(text(pass, "platform").as_deref(), Some("todo"));
    assert_eq!(text(pass, "namespace").as_deref(), Some("shop"));
    assert_eq!(attribute(pass, "generation"), Some(Any::IntValue(1)));
    assert_eq!(text(pass, "outcome").as_deref(), Some("waiting"));
    assert!(!is_error(pass));

    for step in &steps {
        assert_eq!(step.trace_id, pass.trace_id, "{}", step.name);
        assert_eq!(step.parent_span_id, pass.span_id, "{}", step.name);
        assert_eq!(text(step, "step").as_ref(), Some(&step.name));
        assert_eq!(text(step, "outcome").as_deref(), Some("done"), "{}", step.name);
        assert!(!is_error(step), "{}", step.name);
        assert!(
            pass.start_time_unix_nano <= step.start_time_unix_nano
                && step.end_time_unix_nano <= pass.end_time_unix_nano,
            "{} lies within the pass",
            step.name
        );
    }
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    for name in ["dereference", "plan", "apply", "status"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }

    let lines = log.lines();
    let of_pass: Vec<&Value> = lines.iter().filter(|line| line["span"].is_object()).collect();
    assert!(!of_pass.is_empty(), "{lines:#?}");
    for line in of_pass {
        assert_eq!(line["span"]["trace_id"], hex::encode(&pass.trace_id), "{line:#}");
    }
    assert!(
        spans
            .iter()
            .all(|span| attribute(span, spans::TRACE_ID).is_none()),
        "every span has its trace's id anyway"
    );
}

#[tokio::test]
async fn who_sends_is_said_with_the_spans() {
    let (collector, _log) = traced(&Arc::default(), None).await;
    let own = collector.resource();
    let said = |key: &str| own.iter().find(|attribute| attribute.key == key).is_some();
    for key in ["service.name", "service.version", "service.instance.id"] {
        assert!(said(key), "{key} is not in {own:#?}");
    }
}

#[tokio::test]
async fn a_failed_pass_is_an_error_and_so_is_the_step_that_failed() {
    let api = Arc::new(FakeApi::default());
    api.refusals
        .lock()
        .unwrap()
        .insert("/api/v1/namespaces/shop/secrets".into(), (403, "no quota left"));
    let (collector, _log) = traced(&api, None).await;
    let spans = collector.spans();
    let (pass, steps) = parted(&spans);
    assert!(is_error(pass), "{pass:#?}");
    assert_eq!(text(pass, "outcome").as_deref(), Some("failed"));
    assert_eq!(text(pass, "error.type").as_deref(), Some("EnsureSecretsFailed"));
    let message = &pass.status.as_ref().unwrap().message;
    assert!(message.contains("no quota left"), "{message}");

    let failed = steps.iter().filter(|step| is_error(step));
    let failed: Vec<&str> = failed.map(|step| step.name.as_str()).collect();
    assert_eq!(failed, ["ensure_secrets"]);
}

#[tokio::test]
async fn no_value_of_a_secret_is_in_a_trace() {
    let api = Arc::new(FakeApi::default());
    let (collector, _log) = traced(&api, None).await;
    let bodies = api.bodies(&Method::POST);
    let values: Vec<&str> = bodies
        .iter()
        .filter_map(|body| body["stringData"].as_object())
        .flat_map(|secret| secret.values())
        .filter_map(Value::as_str)
        // Names of users and hosts are no secrets.
        .filter(|value| value.len() >= 20)
        .collect();
    assert!(!values.is_empty(), "{bodies:#?}");
    let spans = collector.spans();
    assert!(parted(&spans).1.iter().any(|step| step.name == "ensure_secrets"));
    let said = format!("{spans:?}");
    for value in values {
        let quoted = format!("{value:?}");
        assert!(
            !said.contains(quoted.trim_matches('"')),
            "a Secret's value is sent"
        );
    }
}

#[tokio::test]
async fn a_pass_that_is_not_sampled_sends_nothing_and_names_no_trace() {
    let (collector, log) = traced(&Arc::default(), Some(0.0)).await;
    assert_eq!(collector.spans(), []);
    for line in log.lines() {
        assert_eq!(line["span"]["trace_id"], Value::Null, "{line:#}");
    }
}

#[tokio::test]
async fn without_a_collector_nothing_is_made() {
    let filter = EnvFilter::new("info");
    assert_eq!(layers(LogFormat::Json, filter, std::io::sink, None).len(), 1);
    let (_action, log) = pass(&Arc::default(), None).await;
    let lines = log.lines();
    assert!(
        lines.iter().any(|line| line["span"]["name"] == "pass"),
        "the log has its spans nevertheless: {lines:#?}"
    );
    for line in lines {
        assert_eq!(line["span"]["trace_id"], Value::Null, "{line:#}");
    }
}

#[tokio::test]
async fn a_collector_that_never_answers_holds_up_neither_a_pass_nor_the_end() {
    let (silent, _listener) = todo_collector::silent().await.unwrap();
    let traces = Traces::start(&settings(silent)).unwrap();
    let api = Arc::new(FakeApi::default());
    let (action, _log) = pass(&api, Some(&traces)).await;
    let (without, _log) = pass(&Arc::default(), None).await;
    assert_eq!(action, without);
    let limit = Duration::from_millis(20);
    let ended = format!("{:?}", traces.flush(limit).await);
    assert!(ended.contains("Timeout(20ms)"), "{ended}");
}

/// A collector that takes nothing.
#[derive(Debug)]
struct Refusing;

impl SpanExporter for Refusing {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Err(OTelSdkError::InternalFailure("no route to host".into()))
    }
}

#[tokio::test]
async fn a_collector_that_takes_nothing_is_one_line_in_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let filter = EnvFilter::new("info");
    let layers = layers(LogFormat::Json, filter, move || writer.clone(), None);
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layers));
    let exporter = exporter::Exporter::new(Refusing);
    for _ in 0..3 {
        exporter.export(vec![]).await.unwrap_err();
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let chain = lines[0]["error.chain"].as_str().unwrap();
    assert!(chain.contains("no route to host"), "{chain}");
}

/// A collector that takes nothing but TLS, and the certificate of its authority.
async fn with_tls() -> (Collector, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&authority_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let own = own
        .signed_by(&key, &Issuer::new(authority, authority_key))
        .unwrap();
    let identity = Identity::from_pem(own.pem(), key.serialize_pem());
    let tls = ServerTlsConfig::new().identity(identity);
    let server = Server::builder().tls_config(tls).unwrap();
    (
        Collector::start_as("https", server).await.unwrap(),
        certificate.pem(),
    )
}

#[tokio::test]
async fn a_private_authority_is_trusted_only_when_it_is_given() {
    let (collector, authority) = with_tls().await;
    let unknown = settings(collector.endpoint());
    sent(&Arc::default(), &unknown).await;
    assert_eq!(collector.spans(), [], "nobody vouches for it");

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority).unwrap();
    let known = TraceSettings {
        ca_file: Some(file.path().to_owned()),
        ..unknown
    };
    sent(&Arc::default(), &known).await;
    parted(&collector.spans());
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_is_named() {
    let settings = TraceSettings {
        ca_file: Some("/nowhere/ca.pem".into()),
        ..settings("https://collector.test:4317".into())
    };
    let error = Traces::start(&settings).unwrap_err();
    assert!(error.to_string().contains("/nowhere/ca.pem"), "{error}");
}
