//! Publishing what falls due: claim, publish, acknowledge.
//!
//! A crash between the last two has the reminder published again, by whoever claims it next, as the same event.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use todo_domain::{EventOrigin, EventSubject, Topic};
use todo_kit::Chain;
use todo_kit::dapr::{Message, PublishError, Publisher};
use todo_kit::trace::{SpanKind, TraceContext, Tracer};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::metrics::ReminderMetrics;
use crate::store::{Claim, Store, StoreError};

/// How many reminders one look takes.
const BATCH: usize = 64;
/// How many of them are published at once.
const AT_ONCE: usize = 16;
/// How long nobody else publishes what we took: several times what a batch takes when every publish runs into its
/// deadline of 5 s.
const LEASE: Duration = Duration::from_mins(2);
/// When a reminder that could not be published is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(2);
/// When we look again after Redis failed.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// Publishes reminders as `task.reminder` when they fall due. Any number of them may run on the same store.
pub struct Poller {
    /// Where the reminders are.
    pub store: Store,
    /// Where they go.
    pub publisher: Arc<dyn Publisher>,
    /// Who we are.
    pub origin: EventOrigin,
    /// Begins the steps that publish.
    pub tracer: Tracer,
    /// Counts them.
    pub metrics: ReminderMetrics,
}

/// A reminder that was not published.
#[derive(Debug, thiserror::Error)]
enum FireError {
    #[error("reminder {id}: was not published")]
    Publish { id: String, source: PublishError },
    #[error("reminder {id}: cannot be written as an event")]
    Encode { id: String, source: serde_json::Error },
}

impl Poller {
    /// Looks for due reminders every `interval` until `stop`; what was taken by then is finished.
    pub async fn run(self, interval: Duration, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.fire_all_due(&stop).await {
                tracing::warn!(error.chain = %Chain(&error), "no look at what is due");
                ticks.reset_after(STORE_PAUSE);
            }
        }
    }

    /// Looks again as long as there may be more.
    async fn fire_all_due(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        while self.fire_due(LEASE).await? == BATCH && !stop.is_cancelled() {}
        Ok(())
    }

    /// One look: takes what is due, at most a batch, and publishes it. Gives how many were taken.
    pub async fn fire_due(&self, lease: Duration) -> Result<usize, StoreError> {
        let claimed = self.store.claim(BATCH, lease).await?;
        let taken = claimed.claims.len();
        let now = claimed.now;
        futures::stream::iter(claimed.claims)
            .for_each_concurrent(AT_ONCE, async |claim| self.fire(&claim, now).await)
            .await;
        Ok(taken)
    }

    async fn fire(&self, claim: &Claim, now: Timestamp) {
        let outcome = match self.publish(claim, now).await {
            Ok(()) => self.acknowledge(claim, now).await,
            Err(error) => {
                tracing::warn!(error.chain = %Chain(&error), "reminder is tried again");
                self.store.postpone(claim, RETRY_PAUSE).await.map(drop)
            }
        };
        if let Err(error) = outcome {
            // The lease ends, and the reminder is published again as the same event.
            tracing::warn!(error.chain = %Chain(&error), "reminder stays taken until its lease ends");
        }
    }

    async fn publish(&self, claim: &Claim, now: Timestamp) -> Result<(), FireError> {
        let fire = &claim.fire;
        let id = fire.id();
        // The request that set it may be days ago: a trace of its own.
        let cause = TraceContext::parse(&fire.traceparent);
        let mut span = self
            .tracer
            .begin_after(cause, SpanKind::Internal, || "fire reminder");
        let about = EventSubject {
            id,
            topic: Topic::TaskReminder,
            task_id: fire.task_id,
            version: fire.version,
            time: fire.at,
            traceparent: &span.context().to_string(),
        };
        let event = self.origin.event(about, fire.reminder_due(now));
        let message = Message::new(Topic::TaskReminder, &event).map_err(|source| FireError::Encode {
            id: id.to_string(),
            source,
        })?;
        let published = self.publisher.publish(message).await;
        published.map_err(|source| {
            span.fail("publish");
            FireError::Publish {
                id: id.to_string(),
                source,
            }
        })
    }

    async fn acknowledge(&self, claim: &Claim, now: Timestamp) -> Result<(), StoreError> {
        let fire = &claim.fire;
        if self.store.ack(claim).await? {
            let late = now.duration_since(fire.at);
            self.metrics.fired(late);
            let late_ms = late.as_millis();
            tracing::info!(task.id = %fire.task_id, event.id = %fire.id(), late_ms, "reminder published");
        } else {
            tracing::info!(task.id = %fire.task_id, event.id = %fire.id(), "reminder was no longer ours");
        }
        Ok(())
    }
}
