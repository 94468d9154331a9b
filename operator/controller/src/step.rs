//! Measures the steps of a pass, also those that are given up.

use std::future::Future;

use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::metrics::Metrics;
use crate::telemetry::spans;

/// Runs one step and counts how long it took. One that is dropped before its end counts as `abandoned`.
pub async fn step<T, E>(
    metrics: &Metrics,
    name: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let span = tracing::info_span!("step", step = name, trace_id = Empty);
    spans::identify(&span);
    let mut guard = Guard {
        metrics,
        name,
        span: span.clone(),
        started: Instant::now(),
        outcome: "abandoned",
    };
    let result = work.instrument(span).await;
    guard.outcome = if result.is_ok() { "done" } else { "failed" };
    result
}

struct Guard<'a> {
    metrics: &'a Metrics,
    name: &'static str,
    span: Span,
    started: Instant,
    outcome: &'static str,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        spans::step_ended(&self.span, self.outcome);
        self.metrics
            .step_ended(self.name, self.outcome, self.started.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn every_step_is_counted_by_how_it_ended() {
        let metrics = Metrics::default();
        step(&metrics, "apply", async { Ok::<(), ()>(()) }).await.unwrap();
        step(&metrics, "apply", async { Err::<(), ()>(()) })
            .await
            .unwrap_err();
        let endless = step(&metrics, "apply", std::future::pending::<Result<(), ()>>());
        tokio::time::timeout(Duration::from_secs(1), endless)
            .await
            .unwrap_err();
        let text = metrics.text().unwrap();
        for outcome in ["done", "failed", "abandoned"] {
            let line = format!("step_duration_seconds_count{{step=\"apply\",outcome=\"{outcome}\"}} 1");
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
    }
}
