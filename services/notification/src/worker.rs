//! Sending what is planned: claim, send, note the outcome.
//!
//! A crash between the last two sends the same mail again, with the same `Message-ID`: at least once, not exactly once.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use todo_domain::{Clock, CloudEvent, DeliveryReport, EventId, EventOrigin, EventSubject, IdSource, Topic};
use todo_kit::Chain;
use todo_kit::trace::{Span, SpanKind, TraceContext, Tracer};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::attempt::{Attempt, Outcome};
use crate::backoff::{MAX_ATTEMPTS, backoff};
use crate::metrics::{Attempted, DeliveryMetrics};
use crate::plan::Channel;
use crate::report::report;
use crate::store::{Delivery, Store, StoreError};

/// How many deliveries one look takes, all of them sent at once.
const BATCH: i64 = 16;
/// How long nobody else sends what we took; longer than an attempt may take.
const LEASE: Duration = Duration::from_mins(2);
/// When we look again although nobody said that there is something.
const IDLE: Duration = Duration::from_secs(1);
/// When a delivery is looked at again whose recipient's preferences are not known now.
const PREFERENCES_PAUSE: Duration = Duration::from_secs(15);
/// Most of an error's text that is kept with the delivery, in characters.
const ERROR_MAX: usize = 500;

/// Sends deliveries. Any number of them may run on the same store.
pub struct Worker {
    /// Where the deliveries are.
    pub store: Store,
    /// Sends one.
    pub attempt: Attempt,
    /// Who we are.
    pub origin: EventOrigin,
    /// Names the reports.
    pub ids: Arc<dyn IdSource>,
    /// Dates the reports.
    pub clock: Arc<dyn Clock>,
    /// Begins the steps that attempt.
    pub tracer: Tracer,
    /// Counts the outcomes.
    pub metrics: DeliveryMetrics,
    /// Called when something was planned.
    pub planned: Arc<Notify>,
    /// Called when a report waits in the outbox.
    pub reported: Arc<Notify>,
}

impl Worker {
    /// Sends until `stop`; what was taken by then is finished.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.deliver_due(LEASE).await {
                Ok(0) => self.wait(&stop).await,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error.chain = %Chain(&error), "no look at the deliveries");
                    self.wait(&stop).await;
                }
            }
        }
    }

    async fn wait(&self, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.planned.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }

    /// One look: takes what is to be sent, at most a batch, and sends it. Gives how many were taken.
    pub async fn deliver_due(&self, lease: Duration) -> Result<usize, StoreError> {
        let deliveries = self.store.claim(BATCH, lease).await?;
        let taken = deliveries.len();
        futures::stream::iter(deliveries)
            .for_each_concurrent(None, async |delivery| self.deliver(&delivery).await)
            .await;
        Ok(taken)
    }

    async fn deliver(&self, delivery: &Delivery) {
        let mut span = self.begin(delivery);
        let outcome = span.context().scope(self.attempt.deliver(delivery)).await;
        let word = outcome.word(delivery.attempt);
        let attempted = outcome.attempted(delivery.attempt);
        span.text("todo.outcome", word);
        if matches!(attempted, Some(Attempted::Retried | Attempted::Failed)) {
            span.fail(word);
        }
        match self.note(delivery, outcome, span.context()).await {
            Ok(true) => {
                if let Some(attempted) = attempted {
                    self.metrics.count(Channel::Email, attempted);
                }
                tracing::info!(delivery.id = %delivery.id, attempt = delivery.attempt, outcome = word, "delivery {word}");
            }
            Ok(false) => {
                tracing::info!(delivery.id = %delivery.id, outcome = word, "delivery was no longer ours");
            }
            Err(error) => {
                tracing::warn!(error.chain = %Chain(&error), delivery.id = %delivery.id, outcome = word,
                    "delivery stays taken until its lease ends");
            }
        }
    }

    /// The step that attempts: of the trace of what asked for the delivery, and linked to it, since a later attempt may come
    /// hours after.
    fn begin(&self, delivery: &Delivery) -> Span {
        let cause = TraceContext::parse(&delivery.traceparent);
        let name = || format!("deliver {}", Channel::Email.name());
        let mut span = self.tracer.begin(cause, SpanKind::Client, name);
        if let Some(cause) = cause {
            span.link(cause);
        }
        span.number("todo.attempt", delivery.attempt.into());
        span
    }

    /// Writes down what came of an attempt; false when the delivery is no longer ours.
    async fn note(
        &self,
        delivery: &Delivery,
        outcome: Outcome,
        trace: TraceContext,
    ) -> Result<bool, StoreError> {
        match outcome {
            Outcome::Sent => {
                let report = self.report(Topic::NotificationDelivered, delivery, None, trace);
                let noted = self.store.mark_sent(delivery, &report).await?;
                self.reported.notify_one();
                Ok(noted)
            }
            Outcome::Refused { error } => self.fail(delivery, "refused", &error, trace).await,
            Outcome::Unavailable { error } if delivery.attempt >= MAX_ATTEMPTS => {
                self.fail(delivery, "exhausted", &error, trace).await
            }
            Outcome::Unavailable { error } => {
                let pause = backoff(delivery.id, delivery.attempt);
                self.store.retry(delivery, pause, shortened(&error)).await
            }
            Outcome::Skipped { reason } => self.store.mark_skipped(delivery, reason).await,
            Outcome::Deferred => self.store.defer(delivery, PREFERENCES_PAUSE).await,
        }
    }

    async fn fail(
        &self,
        delivery: &Delivery,
        reason: &str,
        error: &str,
        trace: TraceContext,
    ) -> Result<bool, StoreError> {
        let report = self.report(Topic::NotificationFailed, delivery, Some(reason), trace);
        let noted = self
            .store
            .mark_failed(delivery, reason, shortened(error), &report)
            .await?;
        self.reported.notify_one();
        Ok(noted)
    }

    fn report(
        &self,
        topic: Topic,
        delivery: &Delivery,
        reason: Option<&str>,
        trace: TraceContext,
    ) -> CloudEvent<DeliveryReport> {
        let about = EventSubject {
            id: EventId(self.ids.next()),
            topic,
            task_id: delivery.occasion.task_id,
            version: delivery.occasion.task_version,
            time: self.clock.now(),
            traceparent: &trace.to_string(),
        };
        self.origin.event(about, report(delivery, reason))
    }
}

fn shortened(text: &str) -> &str {
    text.char_indices()
        .nth(ERROR_MAX)
        .map_or(text, |(end, _)| &text[..end])
}
