//! Between the batch of spans and OTLP: tells, rarely, that nobody takes them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::time::Instant;

use crate::Chain;

/// A collector that is away is told of once in this time.
const QUIET: Duration = Duration::from_mins(5);

/// Sends by another exporter. Never called twice at once, and on a thread of its own.
#[derive(Debug)]
pub(super) struct Exporter<E> {
    inner: E,
    losses: Mutex<Losses>,
}

impl<E> Exporter<E> {
    /// Sends by `inner`.
    pub(super) fn new(inner: E) -> Self {
        Self {
            inner,
            losses: Mutex::default(),
        }
    }
}

impl<E: SpanExporter> SpanExporter for Exporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.inner.export(batch).await;
        if let Err(error) = &result {
            let mut losses = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(lost) = losses.add(spans, Instant::now()) {
                tracing::warn!(
                    lost,
                    error.chain = %Chain(error),
                    "spans are not taken and are lost; requests go on. Is OTEL_EXPORTER_OTLP_ENDPOINT a collector's port for OTLP over gRPC?"
                );
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

/// What was lost since it was last told.
#[derive(Debug, Default)]
struct Losses {
    spans: usize,
    told: Option<Instant>,
}

impl Losses {
    /// More spans were lost. Gives how many in all, when it is time to tell.
    fn add(&mut self, spans: usize, now: Instant) -> Option<usize> {
        self.spans += spans;
        if self.told.is_some_and(|told| now.duration_since(told) < QUIET) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.spans))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_told_rarely_and_none_goes_uncounted() {
        let start = Instant::now();
        let mut losses = Losses::default();
        assert_eq!(losses.add(3, start), Some(3));
        assert_eq!(losses.add(4, start + QUIET / 2), None);
        assert_eq!(losses.add(2, start + QUIET), Some(6));
        assert_eq!(losses.add(1, start + QUIET * 2), Some(1));
    }
}
