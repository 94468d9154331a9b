//! Traces: where a request comes from, what it causes, and how both get to a collector.
//!
//! Every step of a trace is a [`Span`] that a [`Tracer`] began. Its [`TraceContext`] travels on: to a peer in a header,
//! to the outbox in the event, to whoever handles that event. With `OTEL_EXPORTER_OTLP_ENDPOINT` set, the spans of sampled
//! traces go there by OTLP over gRPC; without, a span is no more than its ids.

mod context;
mod export;
mod sampler;
mod settings;
mod span;
#[cfg(test)]
mod tests;
mod tracer;

pub use context::TraceContext;
pub use opentelemetry::trace::SpanKind;
#[cfg(any(test, feature = "testing"))]
pub(crate) use sampler::Sampler;
pub use settings::{TraceSettings, TracesError};
pub use span::Span;
pub use tracer::Tracer;
