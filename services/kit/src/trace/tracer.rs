//! Beginning spans.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks, SpanProcessor};
use todo_domain::IdSource;
use tokio::time::Instant;

use super::sampler::Sampler;
use super::span::Recorded;
use super::{Span, TraceContext};
use crate::{Chain, system};

/// How long the end of the process waits for the collector.
const LAST_CHANCE: Duration = Duration::from_secs(3);

/// Begins spans, and names them by the ids it was given. Cheap to clone.
#[derive(Clone)]
pub struct Tracer(Arc<Inner>);

struct Inner {
    ids: Arc<dyn IdSource>,
    sampler: Sampler,
    /// Where spans go that are kept, if anywhere.
    sink: Option<Arc<dyn SpanProcessor>>,
}

impl Tracer {
    /// A tracer that sends what `sampler` keeps to `sink`.
    pub(crate) fn new(
        ids: Arc<dyn IdSource>,
        sampler: Sampler,
        sink: Option<Arc<dyn SpanProcessor>>,
    ) -> Self {
        Self(Arc::new(Inner { ids, sampler, sink }))
    }

    /// The next step of `parent`'s trace; of a new one when there is none.
    pub fn begin<N: Into<Cow<'static, str>>>(
        &self,
        parent: Option<TraceContext>,
        kind: SpanKind,
        name: impl FnOnce() -> N,
    ) -> Span {
        let Inner { ids, sampler, .. } = self.0.as_ref();
        let context = match parent {
            Some(parent) => parent.child(ids.as_ref(), sampler.keeps(parent)),
            None => TraceContext::root(ids.as_ref(), |id| sampler.keeps_new(id)),
        };
        self.span(context, parent, kind, name)
    }

    /// The first step of a new trace that `cause` led to, perhaps long ago. It links there, and is kept if that was.
    pub fn begin_after<N: Into<Cow<'static, str>>>(
        &self,
        cause: Option<TraceContext>,
        kind: SpanKind,
        name: impl FnOnce() -> N,
    ) -> Span {
        let Some(cause) = cause else {
            return self.begin(None, kind, name);
        };
        let Inner { ids, sampler, .. } = self.0.as_ref();
        let context = TraceContext::root(ids.as_ref(), |_| sampler.keeps(cause));
        let mut span = self.span(context, None, kind, name);
        span.link(cause);
        span
    }

    fn span<N: Into<Cow<'static, str>>>(
        &self,
        context: TraceContext,
        parent: Option<TraceContext>,
        kind: SpanKind,
        name: impl FnOnce() -> N,
    ) -> Span {
        let sink = self.0.sink.as_ref().filter(|_| context.is_sampled());
        let recorded = sink.map(|sink| Recorded {
            data: data(context, parent, kind, name().into()),
            begun: Instant::now(),
            sink: Arc::clone(sink),
        });
        Span::new(context, recorded)
    }

    /// Sends what is left, for a short time at most. Afterwards spans go nowhere.
    pub(crate) async fn end(&self) {
        if let Err(error) = self.flush(LAST_CHANCE).await {
            tracing::warn!(error.chain = %Chain(&error), "the last traces are lost");
        }
    }

    /// On a thread that may block: the exporter needs this one's to send.
    pub(super) async fn flush(&self, limit: Duration) -> OTelSdkResult {
        let Some(sink) = self.0.sink.clone() else {
            return Ok(());
        };
        tokio::task::spawn_blocking(move || sink.shutdown_with_timeout(limit))
            .await
            .unwrap_or_else(|source| Err(OTelSdkError::InternalFailure(source.to_string())))
    }
}

fn data(
    context: TraceContext,
    parent: Option<TraceContext>,
    kind: SpanKind,
    name: Cow<'static, str>,
) -> SpanData {
    let now = system::wall_clock();
    SpanData {
        span_context: context.to_otel(false),
        parent_span_id: parent.map_or(SpanId::INVALID, |parent| parent.to_otel(true).span_id()),
        parent_span_is_remote: matches!(kind, SpanKind::Server) && parent.is_some(),
        span_kind: kind,
        name,
        start_time: now,
        end_time: now,
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder("todo-kit").build(),
    }
}
