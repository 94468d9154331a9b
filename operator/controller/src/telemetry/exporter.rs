//! Between the batch of spans and OTLP: gives spans the form they have outside, and tells, rarely, that nobody takes them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::time::Instant;

use super::spans::TRACE_ID;
use crate::chain::Chain;

/// A collector that is away is told of once in this time.
const QUIET: Duration = Duration::from_mins(10);

/// Sends by another exporter. Never called twice at once, and on a thread of its own.
#[derive(Debug)]
pub struct Exporter<E> {
    inner: E,
    outage: Mutex<Outage>,
}

impl<E> Exporter<E> {
    /// Sends by `inner`.
    pub fn new(inner: E) -> Self {
        Self {
            inner,
            outage: Mutex::default(),
        }
    }
}

impl<E: SpanExporter> SpanExporter for Exporter<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().for_each(shape);
        let spans = batch.len();
        let result = self.inner.export(batch).await;
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        match &result {
            Ok(()) if outage.ended() => tracing::info!("traces are taken again"),
            Ok(()) => {}
            Err(error) => {
                if let Some(lost) = outage.failed(spans, Instant::now()) {
                    tracing::warn!(
                        lost,
                        error.chain = %Chain(error),
                        "traces are not taken and are lost; passes go on. Is --otlp-endpoint a collector's port for OTLP over gRPC?"
                    );
                }
            }
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// A step goes by its own name, which a span in the log cannot have; the id of the trace is for the log alone.
fn shape(span: &mut SpanData) {
    span.attributes
        .retain(|attribute| attribute.key.as_str() != TRACE_ID);
    let step = span
        .attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == "step");
    if let Some(step) = step {
        span.name = step.value.as_str().into_owned().into();
    }
}

/// What is known of a collector that is away.
#[derive(Debug, Default)]
struct Outage {
    /// Spans that were lost and not told of.
    lost: usize,
    /// When it was last told of; kept when it ends, so that a collector that comes and goes is not told of each time.
    told: Option<Instant>,
    /// Whether the present one was told of.
    is_told: bool,
}

impl Outage {
    /// Spans were not taken. Gives how many since the last time, when it is time to tell.
    fn failed(&mut self, spans: usize, now: Instant) -> Option<usize> {
        self.lost += spans;
        if self.told.is_some_and(|told| now.duration_since(told) < QUIET) {
            return None;
        }
        self.told = Some(now);
        self.is_told = true;
        Some(std::mem::take(&mut self.lost))
    }

    /// Spans were taken. Gives whether that is worth telling.
    fn ended(&mut self) -> bool {
        std::mem::take(&mut self.is_told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_that_is_away_is_told_of_rarely_and_nothing_lost_goes_uncounted() {
        let start = Instant::now();
        let mut outage = Outage::default();
        assert!(!outage.ended(), "nothing happened yet");
        assert_eq!(outage.failed(3, start), Some(3));
        assert_eq!(outage.failed(4, start + QUIET / 2), None);
        assert!(outage.ended());
        assert!(!outage.ended(), "its end is told of once");
        let again = start + QUIET / 2 + Duration::from_secs(1);
        assert_eq!(outage.failed(1, again), None, "it comes and goes");
        assert!(!outage.ended(), "an outage that was not told of has no end");
        assert_eq!(outage.failed(2, start + QUIET), Some(7));
    }
}
