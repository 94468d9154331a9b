//! What spans say beyond their fields: how the work came out, and which trace a log line belongs to. Without traces each of
//! these does nothing.

use opentelemetry::trace::{Status, TraceContextExt};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::chain::Chain;

/// The field of a span by which its log lines name the trace. The macro that makes the span declares it, empty.
pub const TRACE_ID: &str = "trace_id";

/// Gives the span's log lines the id of its trace. Not of a trace that is not sent: nobody could look it up.
pub fn identify(span: &Span) {
    let context = span.context();
    let span_ref = context.span();
    let span_context = span_ref.span_context();
    if span_context.is_sampled() {
        span.record(TRACE_ID, tracing::field::display(span_context.trace_id()));
    }
}

/// What the pass under way came to.
pub fn pass_ended(outcome: &'static str) {
    Span::current().set_attribute("outcome", outcome);
}

/// The pass under way failed. The text is the one of its log line.
pub fn pass_failed(reason: &'static str, error: &(dyn std::error::Error + 'static)) {
    let span = Span::current();
    span.set_attribute("outcome", "failed");
    span.set_attribute("error.type", reason);
    span.set_status(Status::error(Chain(error).to_string()));
}

/// How a step ended. What exactly failed is said by the pass.
pub fn step_ended(span: &Span, outcome: &'static str) {
    span.set_attribute("outcome", outcome);
    if outcome == "failed" {
        span.set_status(Status::error(""));
    }
}
