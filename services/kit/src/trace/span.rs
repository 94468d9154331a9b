//! One step of a trace, while it is under way.

use std::sync::Arc;

use opentelemetry::trace::{Link, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanProcessor};
use tokio::time::Instant;

use super::TraceContext;

/// One step of a trace. It ends when it goes. What is said of it costs nothing unless somebody keeps it.
#[must_use]
#[derive(Debug)]
pub struct Span {
    context: TraceContext,
    recorded: Option<Box<Recorded>>,
}

/// What a span that is kept says.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) data: SpanData,
    pub(super) begun: Instant,
    pub(super) sink: Arc<dyn SpanProcessor>,
}

impl Span {
    pub(super) fn new(context: TraceContext, recorded: Option<Recorded>) -> Self {
        let recorded = recorded.map(Box::new);
        Self { context, recorded }
    }

    /// What travels on to whatever this step causes.
    pub fn context(&self) -> TraceContext {
        self.context
    }

    /// Says a text of it. Names are those of OpenTelemetry's semantic conventions where these have one.
    pub fn text(&mut self, key: &'static str, value: &str) {
        self.say(key, || value.to_owned());
    }

    /// Says a number of it.
    pub fn number(&mut self, key: &'static str, value: i64) {
        self.say(key, || value);
    }

    /// Names another step that this one belongs with, without being its child.
    pub fn link(&mut self, other: TraceContext) {
        if let Some(recorded) = &mut self.recorded {
            let link = Link::with_context(other.to_otel(true));
            recorded.data.links.links.push(link);
        }
    }

    /// It did not come out as it should; `reason` is a word of few.
    pub fn fail(&mut self, reason: &'static str) {
        self.say("error.type", || reason);
        if let Some(recorded) = &mut self.recorded {
            recorded.data.status = Status::error("");
        }
    }

    fn say<V: Into<Value>>(&mut self, key: &'static str, value: impl FnOnce() -> V) {
        if let Some(recorded) = &mut self.recorded {
            recorded.data.attributes.push(KeyValue::new(key, value()));
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(recorded) = self.recorded.take() {
            let Recorded {
                mut data,
                begun,
                sink,
            } = *recorded;
            data.end_time = data.start_time + begun.elapsed();
            sink.on_end(data);
        }
    }
}
