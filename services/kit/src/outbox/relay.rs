//! The loop that publishes what waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;
use sqlx::PgPool;
use todo_domain::IdSource;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::OutboxMetrics;
use super::store::{self, Failure, First, Lease, Row};
use crate::dapr::{Message, PublishError, Publisher};
use crate::failpoint::Failpoint;
use crate::{Chain, TraceContext};

/// How often the gauges are read, and old rows deleted.
const DEPTH_EVERY: Duration = Duration::from_secs(5);
const FORGET_EVERY: Duration = Duration::from_mins(10);
/// Longest pause while nothing gets through: a broker that comes back is noticed soon.
const OUTAGE_PAUSE_MAX: Duration = Duration::from_secs(5);

/// How a relay behaves.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many events are on their way at once, each of another partition key; 16 by default.
    pub batch: u8,
    /// How long the lease lasts; longer than the deadline of a publish, 10 s by default.
    pub lease: Duration,
    /// How long an idle relay sleeps unless it is woken; 500 ms by default.
    pub poll: Duration,
    /// Attempts that count before an event is parked; 10 by default.
    pub attempts_max: i32,
    /// First and longest pause of one event after a failure that counts; 1 s and 60 s by default.
    pub backoff: (Duration, Duration),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch: 16,
            lease: Duration::from_secs(10),
            poll: Duration::from_millis(500),
            attempts_max: 10,
            backoff: (Duration::from_secs(1), Duration::from_mins(1)),
        }
    }
}

/// What one step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another relay has the lease.
    NotOurs,
    /// Nothing is due.
    Idle,
    /// Some events were published; there may be more.
    Published(usize),
    /// Nothing got through.
    Failed,
}

/// The database did not answer the relay.
#[derive(Debug, thiserror::Error)]
#[error("outbox: cannot {attempt}")]
pub struct RelayError {
    attempt: &'static str,
    source: sqlx::Error,
}

/// Publishes the events of one outbox.
pub struct Relay {
    pool: PgPool,
    publisher: Arc<dyn Publisher>,
    ids: Arc<dyn IdSource>,
    metrics: OutboxMetrics,
    settings: Settings,
    holder: Uuid,
    wake: Arc<Notify>,
    /// Whether some of the last events did not leave. Then any are taken: the oldest may all be of a topic or a partition
    /// that is away, and would hold up those that can leave.
    is_stuck: AtomicBool,
}

impl Relay {
    /// A relay of the outbox in `pool`'s schema.
    pub fn new(
        pool: PgPool,
        publisher: Arc<dyn Publisher>,
        ids: Arc<dyn IdSource>,
        metrics: OutboxMetrics,
        settings: Settings,
    ) -> Self {
        let holder = ids.next();
        Self {
            pool,
            publisher,
            ids,
            metrics,
            settings,
            holder,
            wake: Arc::default(),
            is_stuck: AtomicBool::new(false),
        }
    }

    /// Wakes the relay: call `notify_one` after a commit, and the event leaves at once.
    pub fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Publishes until `stop`, then once more whatever is left, and gives the lease back.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(
            self.publish_until(&stop),
            every(DEPTH_EVERY, &stop, || self.show_depth()),
            every(FORGET_EVERY, &stop, || self.forget_old()),
        );
        self.flush().await;
    }

    async fn publish_until(&self, stop: &CancellationToken) {
        let mut failures = 0;
        while !stop.is_cancelled() {
            let outcome = self.step().await;
            if let Err(error) = &outcome {
                tracing::warn!(error.chain = %Chain(error), "outbox is tried again");
            }
            match outcome {
                Ok(Step::Published(_)) => failures = 0,
                Ok(Step::Idle | Step::NotOurs) => {
                    failures = 0;
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = self.wake.notified() => {}
                        () = tokio::time::sleep(self.settings.poll) => {}
                    }
                }
                Ok(Step::Failed) | Err(_) => {
                    failures += 1;
                    let pause = self.backoff(failures).min(OUTAGE_PAUSE_MAX);
                    let _ = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
                }
            }
        }
    }

    /// Takes or keeps the lease, publishes one batch, and marks what became of it.
    pub async fn step(&self) -> Result<Step, RelayError> {
        let failed = |attempt| move |source| RelayError { attempt, source };
        let lease = store::lease(&self.pool, self.holder, self.settings.lease)
            .await
            .map_err(failed("take the lease"))?;
        let Some(lease) = lease else {
            return Ok(Step::NotOurs);
        };
        let first = if self.is_stuck.load(Ordering::Relaxed) {
            First::Random
        } else {
            First::Oldest
        };
        let rows = store::due(&self.pool, self.settings.batch.into(), first)
            .await
            .map_err(failed("read what is due"))?;
        if rows.is_empty() {
            return Ok(Step::Idle);
        }
        Failpoint::BeforePublish.reached().await;
        let outcomes = join_all(rows.iter().map(|row| self.publish(row))).await;
        let (mut published, mut refused) = (Vec::new(), Vec::new());
        for (row, outcome) in rows.iter().zip(outcomes) {
            self.metrics.attempt(&row.topic, outcome.is_ok());
            match outcome {
                Ok(()) => published.push(row.seq),
                Err(error) => refused.push((row, error)),
            }
        }
        self.is_stuck.store(!refused.is_empty(), Ordering::Relaxed);
        if !published.is_empty() {
            Failpoint::AfterPublish.reached().await;
            let marked = store::mark_published(&self.pool, lease, &published)
                .await
                .map_err(failed("mark events"))?;
            if !marked {
                tracing::warn!("outbox lease was lost while publishing; the events are published again");
                return Ok(Step::NotOurs);
            }
        }
        let others_went = !published.is_empty();
        if let (false, Some((_, error))) = (others_went, refused.first()) {
            tracing::warn!(events = refused.len(), error.chain = %Chain(error), "no event of the outbox got through");
        }
        for (row, error) in refused
            .iter()
            .filter(|(_, error)| others_went || error.is_refusal())
        {
            self.note(lease, row, error)
                .await
                .map_err(failed("note a failure"))?;
        }
        Ok(if others_went {
            Step::Published(published.len())
        } else {
            Step::Failed
        })
    }

    async fn publish(&self, row: &Row) -> Result<(), Attempt> {
        let topic = row.topic.parse().map_err(|_| Attempt::NoTopic)?;
        let message = Message {
            topic,
            partition_key: row.partition_key.clone(),
            envelope: row.envelope.clone().into_bytes().into(),
            trace: TraceContext::parse(&row.traceparent),
        };
        self.publisher.publish(message).await.map_err(Attempt::Publish)
    }

    /// Counts a failure against the event: the sidecar refused it, or the broker took others meanwhile.
    async fn note(&self, lease: Lease, row: &Row, error: &Attempt) -> Result<(), sqlx::Error> {
        let attempts = row.attempts + 1;
        let park = attempts >= self.settings.attempts_max;
        let text = Chain(error).to_string();
        let (seq, topic) = (row.seq, row.topic.as_str());
        if park {
            tracing::error!(
                outbox.seq = seq,
                topic,
                attempts,
                error.chain = text,
                "event is parked"
            );
        } else {
            tracing::warn!(
                outbox.seq = seq,
                topic,
                attempts,
                error.chain = text,
                "event not published"
            );
        }
        let pause = self.backoff(attempts);
        store::mark_failed(
            &self.pool,
            lease,
            &Failure {
                seq,
                attempts,
                error: &text,
                pause,
                park,
            },
        )
        .await
    }

    /// The first pause doubled per failure after the first, at most the longest, times 0.5 to 1.
    fn backoff(&self, failures: i32) -> Duration {
        let (first, longest) = self.settings.backoff;
        let doublings = u32::try_from(failures - 1).unwrap_or(0).min(16);
        let full = first.saturating_mul(1 << doublings).min(longest);
        // Any random byte serves as jitter.
        let jitter = f64::from(self.ids.next().as_bytes()[15]) / 255.0;
        full.mul_f64(0.5 + jitter / 2.0)
    }

    async fn show_depth(&self) {
        match store::depth(&self.pool).await {
            Ok(depth) => self.metrics.show(&depth),
            Err(error) => tracing::debug!(error.chain = %Chain(&error), "outbox depth is not known"),
        }
    }

    async fn forget_old(&self) {
        if let Err(error) = store::forget_old(&self.pool).await {
            tracing::debug!(error.chain = %Chain(&error), "old outbox rows stay for now");
        }
    }

    async fn flush(&self) {
        while let Ok(Step::Published(_)) = self.step().await {}
        if let Ok(Some(lease)) = store::lease(&self.pool, self.holder, self.settings.lease).await
            && let Err(error) = store::release(&self.pool, lease).await
        {
            tracing::debug!(error.chain = %Chain(&error), "outbox lease was not given back and will expire");
        }
    }
}

/// Does `work` now and after every `pause`, until `stop`.
async fn every<F: Future<Output = ()>>(pause: Duration, stop: &CancellationToken, work: impl Fn() -> F) {
    loop {
        work().await;
        if stop
            .run_until_cancelled(tokio::time::sleep(pause))
            .await
            .is_none()
        {
            return;
        }
    }
}

/// Why one event did not leave.
#[derive(Debug, thiserror::Error)]
enum Attempt {
    #[error("the topic is not one of the platform")]
    NoTopic,
    #[error(transparent)]
    Publish(PublishError),
}

impl Attempt {
    /// Whether it is this very event that cannot be published.
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Publish(PublishError::Unavailable { .. }))
    }
}
