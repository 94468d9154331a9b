//! Spans, kept in memory.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use todo_domain::SequentialIds;

use crate::Environment;
use crate::trace::{Sampler, Tracer};

/// The spans that ended so far.
#[derive(Debug, Clone, Default)]
pub struct Spans(Arc<Mutex<Vec<SpanData>>>);

impl Spans {
    /// In the order in which they ended.
    pub fn ended(&self) -> Vec<SpanData> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The one of that name.
    pub fn named(&self, name: &str) -> SpanData {
        let ended = self.ended();
        let found = ended.iter().find(|span| span.name == name);
        found
            .unwrap_or_else(|| unreachable!("no span {name} among {ended:#?}"))
            .clone()
    }
}

impl SpanProcessor for Spans {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// A tracer that keeps nothing and passes on what it is told, as without a collector.
pub fn tracer() -> Tracer {
    Tracer::new(Arc::new(SequentialIds::default()), sampler(0.0), None)
}

/// A tracer that keeps every trace about which nobody decided otherwise, and what it keeps.
pub fn recording() -> (Tracer, Spans) {
    let spans = Spans::default();
    let sink = Arc::new(spans.clone());
    let tracer = Tracer::new(Arc::new(SequentialIds::default()), sampler(1.0), Some(sink));
    (tracer, spans)
}

fn sampler(ratio: f64) -> Sampler {
    Sampler::of(&Environment::default(), ratio).expect("nothing is said, so nothing is wrong")
}
