//! What is known of each event that arrives: how old it is, what became of it, and the step that handled it.

use std::str::FromStr;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use serde::Deserialize;
use todo_domain::{Clock, Topic};

use super::{Outcome, PREFIX};
use crate::TraceContext;
use crate::failpoint::Failpoint;
use crate::http::BODY_MAX_BYTES;
use crate::metrics::{Metrics, TraceLabel, TracedHistogram};
use crate::problem::{self, Problem};
use crate::trace::{Span, SpanKind, Tracer};

/// Upper bounds of the age buckets, in seconds. An objective for delivery needs one exactly at its threshold.
const AGES: [f64; 10] = [0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];

/// Measures and traces events around their handlers: `todo_event_age_seconds{topic}` and
/// `todo_event_handled_total{topic,outcome}`.
pub(crate) struct Consumer {
    ages: Family<TopicLabel, TracedHistogram>,
    handled: Family<HandledLabels, Counter>,
    clock: Arc<dyn Clock>,
    tracer: Tracer,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TopicLabel {
    topic: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HandledLabels {
    topic: &'static str,
    outcome: &'static str,
}

/// As much of an envelope as is needed here.
#[derive(Debug, Deserialize)]
struct Head {
    id: String,
    time: Timestamp,
    #[serde(default)]
    traceparent: String,
}

impl Consumer {
    /// Registers the metrics, unless nothing is consumed.
    pub(crate) fn new(metrics: &Metrics, topics: &[Topic], clock: Arc<dyn Clock>, tracer: Tracer) -> Self {
        let consumer = Self {
            ages: Family::new_with_constructor(|| TracedHistogram::new(AGES.into_iter())),
            handled: Family::default(),
            clock,
            tracer,
        };
        for topic in topics.iter().map(|topic| topic.name()) {
            drop(consumer.ages.get_or_create(&TopicLabel { topic }));
            for outcome in ["applied", "duplicate", "dropped", "retried"] {
                drop(consumer.handled.get_or_create(&HandledLabels { topic, outcome }));
            }
        }
        if !topics.is_empty() {
            let help = "Time from an event's happening to its first handling that succeeded";
            metrics.register("event_age_seconds", help, consumer.ages.clone());
            let help = "Deliveries of events, by what became of them";
            metrics.register("event_handled", help, consumer.handled.clone());
        }
        consumer
    }

    /// The step that handles an event: within the sidecar's delivery, and linked to the step that published, since time may
    /// have passed between.
    fn begin(&self, topic: Topic, head: Option<&Head>) -> Span {
        let name = || format!("process {topic}");
        let mut span = self
            .tracer
            .begin(TraceContext::current(), SpanKind::Consumer, name);
        span.text("messaging.system", "dapr");
        span.text("messaging.operation.type", "process");
        span.text("messaging.destination.name", topic.name());
        if let Some(head) = head {
            span.text("messaging.message.id", &head.id);
            if let Some(producer) = TraceContext::parse(&head.traceparent) {
                span.link(producer);
            }
        }
        span
    }

    fn ended(&self, topic: Topic, head: Option<&Head>, outcome: Option<Outcome>, span: &mut Span) {
        let word = match outcome {
            Some(Outcome::Applied) => "applied",
            Some(Outcome::Duplicate) => "duplicate",
            Some(Outcome::Drop) => "dropped",
            Some(Outcome::Retry) | None => "retried",
        };
        span.text("todo.outcome", word);
        if matches!(outcome, None | Some(Outcome::Retry | Outcome::Drop)) {
            span.fail(word);
        }
        let topic = topic.name();
        let labels = HandledLabels { topic, outcome: word };
        self.handled.get_or_create(&labels).inc();
        if let (Some(Outcome::Applied), Some(head)) = (outcome, head) {
            let age = self.clock.now().duration_since(head.time).as_secs_f64().max(0.0);
            let trace = TraceLabel::of(span.context());
            self.ages
                .get_or_create(&TopicLabel { topic })
                .observe(age, trace, None);
        }
    }
}

/// Around the routes of a service: what is posted to one of a topic is an event.
pub(crate) async fn consume(State(consumer): State<Arc<Consumer>>, request: Request, next: Next) -> Response {
    let Some(topic) = topic(request.uri().path()) else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX_BYTES).await else {
        return Problem::new(problem::TOO_LARGE).into_response();
    };
    let head = head(&body);
    let mut span = consumer.begin(topic, head.as_ref());
    let request = Request::from_parts(parts, Body::from(body));
    let response = span.context().scope(next.run(request)).await;
    let outcome = response.extensions().get().copied();
    if outcome == Some(Outcome::Applied) {
        Failpoint::AfterEffect.reached().await;
    }
    consumer.ended(topic, head.as_ref(), outcome, &mut span);
    response
}

fn topic(path: &str) -> Option<Topic> {
    Topic::from_str(path.strip_prefix(PREFIX)?).ok()
}

/// None of what the handler will not understand either.
fn head(envelope: &Bytes) -> Option<Head> {
    serde_json::from_slice(envelope).ok()
}
