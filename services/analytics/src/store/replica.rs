//! A read replica: asked first for what may be a moment old, left alone for a while when it does not answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use sqlx::PgPool;
use todo_kit::Chain;
use todo_kit::metrics::Metrics;
use tokio::time::Instant;

/// How long a read waits for the replica before the database itself is asked.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// How long the replica is then left alone: one read in a while waits, not each.
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// A read replica of the counts.
#[derive(Debug, Clone)]
pub struct Replica {
    pool: PgPool,
    asked_again_at: Arc<Mutex<Option<Instant>>>,
    up: Gauge,
}

impl Replica {
    /// The replica behind `pool`, with its metric registered.
    pub fn new(pool: PgPool, metrics: &Metrics) -> Self {
        let up = Gauge::default();
        up.set(1);
        metrics.register(
            "database_replica_up",
            "Whether the read replica answers; 0 means that the database itself is read",
            up.clone(),
        );
        Self {
            pool,
            asked_again_at: Arc::default(),
            up,
        }
    }

    /// What the replica answers; none when it is away, or behind by so much that it lacks the tables.
    pub(super) async fn ask<T>(
        &self,
        read: impl AsyncFnOnce(&PgPool) -> Result<T, sqlx::Error>,
    ) -> Option<T> {
        if self.asked_again_at().is_some_and(|again| Instant::now() < again) {
            return None;
        }
        match tokio::time::timeout(PATIENCE, read(&self.pool)).await {
            Ok(Ok(answer)) => {
                if self.asked_again_at().take().is_some() {
                    self.up.set(1);
                    tracing::info!("the read replica answers again");
                }
                Some(answer)
            }
            Ok(Err(error)) => self.failed(&Chain(&error)),
            Err(_) => self.failed(&"no answer in time"),
        }
    }

    fn failed<T>(&self, why: &dyn std::fmt::Display) -> Option<T> {
        if self
            .asked_again_at()
            .replace(Instant::now() + LEFT_ALONE)
            .is_none()
        {
            self.up.set(0);
            tracing::warn!(why = %why, "the read replica does not answer: the database itself is read");
        }
        None
    }

    fn asked_again_at(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.asked_again_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
