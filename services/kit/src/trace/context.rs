//! W3C trace context: where a request comes from and what it causes.

use std::fmt;
use std::future::Future;

use opentelemetry::trace::{SpanContext, TraceFlags, TraceState};
use todo_domain::IdSource;

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// One step of a trace, as the header `traceparent` carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

impl TraceContext {
    /// The header that carries it.
    pub const HEADER: &'static str = "traceparent";

    /// Reads a `traceparent`. `None` for what is malformed and for the all-zero one that daprd sends for "none".
    pub fn parse(text: &str) -> Option<Self> {
        let (version, rest) = text.split_once('-')?;
        let mut parts = rest.split('-');
        let (trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str, length| {
            text.len() == length
                && text
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        // Later versions may append fields; version ff is forbidden.
        let lengths_fit =
            is_hex(version, 2) && is_hex(trace_id, 32) && is_hex(span_id, 16) && is_hex(flags, 2);
        if !lengths_fit || version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let context = Self {
            trace_id: u128::from_str_radix(trace_id, 16).ok()?,
            span_id: u64::from_str_radix(span_id, 16).ok()?,
            flags: u8::from_str_radix(flags, 16).ok()? & 1,
        };
        (context.trace_id != 0 && context.span_id != 0).then_some(context)
    }

    /// The first step of a new trace; `is_sampled` decides by the trace's id whether it is kept.
    pub(super) fn root(ids: &dyn IdSource, is_sampled: impl FnOnce(u128) -> bool) -> Self {
        let trace_id = trace_id(ids);
        Self {
            trace_id,
            span_id: span_id(ids),
            flags: u8::from(is_sampled(trace_id)),
        }
    }

    /// A new step of this trace, kept or not as `is_sampled` says.
    pub(super) fn child(self, ids: &dyn IdSource, is_sampled: bool) -> Self {
        Self {
            span_id: span_id(ids),
            flags: u8::from(is_sampled),
            ..self
        }
    }

    /// The trace's id: 32 hexadecimal digits.
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// The trace's id as a number.
    pub(super) fn number(self) -> u128 {
        self.trace_id
    }

    /// Whether the steps of this trace are kept.
    pub fn is_sampled(self) -> bool {
        self.flags == 1
    }

    /// As OpenTelemetry writes it. `is_remote` for a step of another process.
    pub(super) fn to_otel(self, is_remote: bool) -> SpanContext {
        SpanContext::new(
            self.trace_id.into(),
            self.span_id.into(),
            TraceFlags::default().with_sampled(self.is_sampled()),
            is_remote,
            TraceState::NONE,
        )
    }

    /// The step that the running request is, when there is one.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|context| *context).ok()
    }

    /// Runs `future` as this step.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }
}

/// A `UUIDv7` with its second half reversed: samplers, here and in the sidecar, take the first bits of that half for a number
/// that is evenly spread, and of a `UUIDv7` only the last ones are.
fn trace_id(ids: &dyn IdSource) -> u128 {
    let (time, random) = ids.next().as_u64_pair();
    u128::from(time) << 64 | u128::from(random.reverse_bits())
}

/// The random half of a `UUIDv7`.
fn span_id(ids: &dyn IdSource) -> u64 {
    ids.next().as_u64_pair().1
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id, self.span_id, self.flags
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use todo_domain::SequentialIds;

    use super::*;
    use crate::RandomIds;

    const SAMPLE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_well_formed_header_survives() {
        let context = TraceContext::parse(SAMPLE).unwrap();
        assert_eq!(context.to_string(), SAMPLE);
        assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
    }

    #[test]
    fn what_is_no_context_is_refused() {
        for text in [
            "",
            "00-00000000000000000000000000000000-0000000000000000-00",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceContext::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_child_stays_in_the_trace() {
        let ids = SequentialIds::default();
        let parent = TraceContext::root(&ids, |_| true);
        let child = parent.child(&ids, true);
        assert_eq!(child.trace_id(), parent.trace_id());
        assert_ne!(child, parent);
        assert_eq!(TraceContext::parse(&child.to_string()), Some(child));
    }

    #[test]
    fn new_traces_have_evenly_spread_ids() {
        let ids = RandomIds;
        let half = u64::MAX / 2;
        let low = (0..1000).filter(|_| u64::try_from(trace_id(&ids) & u128::from(u64::MAX)).unwrap() < half);
        assert!((350..650).contains(&low.count()));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            let _ = TraceContext::parse(&text);
        }
    }
}
