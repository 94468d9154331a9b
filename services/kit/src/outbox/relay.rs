//! The loop that publishes what waits.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sqlx::PgPool;
use todo_domain::IdSource;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::OutboxMetrics;
use super::store::{self, Failure, Lease, Row};
use crate::Chain;
use crate::dapr::{Message, PublishError, Publisher};

/// How often the gauges are read, and old rows deleted.
const DEPTH_EVERY: Duration = Duration::from_secs(5);
const FORGET_EVERY: Duration = Duration::from_mins(10);

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
    /// First and longest pause after a failure; 1 s and 60 s by default.
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
        }
    }

    /// Wakes the relay: call `notify_one` after a commit, and the event leaves at once.
    pub fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Publishes until `stop`, then once more whatever is left, and gives the lease back.
    pub async fn run(self, stop: CancellationToken) {
        let mut failures = 0;
        let (mut depth_at, mut forget_at) = (Instant::now(), Instant::now());
        while !stop.is_cancelled() {
            let pause = match self.step().await {
                Ok(Step::Published(_)) => {
                    failures = 0;
                    Duration::ZERO
                }
                Ok(Step::Idle | Step::NotOurs) => self.settings.poll,
                Ok(Step::Failed) => self.next_pause(&mut failures),
                Err(error) => {
                    tracing::warn!(error.chain = %Chain(&error), "outbox is tried again");
                    self.next_pause(&mut failures)
                }
            };
            self.housekeep(&mut depth_at, &mut forget_at).await;
            if !pause.is_zero() {
                // A wake-up ends an idle pause, never one that spares a broker in trouble.
                let woken = async {
                    if failures == 0 {
                        self.wake.notified().await;
                    } else {
                        std::future::pending::<()>().await;
                    }
                };
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(pause) => {}
                    () = woken => {}
                }
            }
        }
        self.flush().await;
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
        let rows = store::due(&self.pool, self.settings.batch.into())
            .await
            .map_err(failed("read what is due"))?;
        if rows.is_empty() {
            return Ok(Step::Idle);
        }
        let outcomes = join_all(rows.iter().map(|row| self.publish(row))).await;
        let (mut published, mut refused) = (Vec::new(), Vec::new());
        for (row, outcome) in rows.iter().zip(outcomes) {
            self.metrics.attempt(&row.topic, outcome.is_ok());
            match outcome {
                Ok(()) => published.push(row.seq),
                Err(error) => refused.push((row, error)),
            }
        }
        if !published.is_empty() {
            let marked = store::mark_published(&self.pool, lease, &published)
                .await
                .map_err(failed("mark events"))?;
            if !marked {
                tracing::warn!("outbox lease was lost while publishing; the events are published again");
                return Ok(Step::NotOurs);
            }
        }
        for (row, error) in &refused {
            self.note(lease, row, error, !published.is_empty())
                .await
                .map_err(failed("note a failure"))?;
        }
        Ok(if published.is_empty() {
            Step::Failed
        } else {
            Step::Published(published.len())
        })
    }

    async fn publish(&self, row: &Row) -> Result<(), Attempt> {
        let topic = row.topic.parse().map_err(|_| Attempt::NoTopic)?;
        let message = Message {
            topic,
            partition_key: row.partition_key.clone(),
            envelope: row.envelope.clone().into_bytes().into(),
        };
        self.publisher.publish(message).await.map_err(Attempt::Publish)
    }

    /// A failure counts against the event when the sidecar refused it, or when the broker took others meanwhile.
    async fn note(
        &self,
        lease: Lease,
        row: &Row,
        error: &Attempt,
        others_went: bool,
    ) -> Result<(), sqlx::Error> {
        let counts = others_went || !matches!(error, Attempt::Publish(PublishError::Unavailable { .. }));
        let attempts = row.attempts + i32::from(counts);
        let park = attempts >= self.settings.attempts_max;
        let text = Chain(error).to_string();
        if park {
            tracing::error!(
                outbox.seq = row.seq,
                topic = row.topic,
                attempts,
                error.chain = text,
                "event is parked"
            );
        } else {
            tracing::warn!(
                outbox.seq = row.seq,
                topic = row.topic,
                attempts,
                error.chain = text,
                "event not published"
            );
        }
        let pause = if counts {
            self.backoff(attempts)
        } else {
            Duration::ZERO
        };
        store::mark_failed(
            &self.pool,
            lease,
            &Failure {
                seq: row.seq,
                attempts,
                error: &text,
                pause,
                park,
            },
        )
        .await
    }

    fn next_pause(&self, failures: &mut i32) -> Duration {
        *failures = failures.saturating_add(1);
        self.backoff(*failures)
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

    async fn housekeep(&self, depth_at: &mut Instant, forget_at: &mut Instant) {
        let now = Instant::now();
        if now >= *depth_at {
            *depth_at = now + DEPTH_EVERY;
            match store::depth(&self.pool).await {
                Ok(depth) => self.metrics.show(&depth),
                Err(error) => tracing::debug!(error.chain = %Chain(&error), "outbox depth is not known"),
            }
        }
        if now >= *forget_at {
            *forget_at = now + FORGET_EVERY;
            if let Err(error) = store::forget_old(&self.pool).await {
                tracing::debug!(error.chain = %Chain(&error), "old outbox rows stay for now");
            }
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

/// Why one event did not leave.
#[derive(Debug, thiserror::Error)]
enum Attempt {
    #[error("the topic is not one of the platform")]
    NoTopic,
    #[error(transparent)]
    Publish(PublishError),
}
