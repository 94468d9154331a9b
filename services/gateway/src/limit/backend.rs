//! Redis, as requests see it: waited for briefly, and not at all once it was found to be away.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use prometheus_client::metrics::gauge::Gauge;
use redis::RedisResult;
use todo_kit::{Chain, metrics::Metrics};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Decision, Policy, Shared};

/// How long a request waits for Redis, where requests are real, before this replica goes on by itself.
pub const PATIENCE: Duration = Duration::from_millis(50);
/// How often a Redis that was away is asked whether it counts again. No request waits for that.
const ASKED_AGAIN: Duration = Duration::from_secs(1);
/// What it is asked to count then: nobody's requests.
const PROBE: Policy = Policy {
    bucket: "probe",
    requests: 1,
    period: Duration::from_secs(1),
    burst: 1,
};

/// The shared limiter, and whether its Redis answers.
pub struct Backend {
    shared: Shared,
    patience: Duration,
    is_away: AtomicBool,
    lost: Notify,
    up: Gauge,
}

impl Backend {
    /// A Redis that is taken to be there until it does not answer within `patience`; shown as
    /// `todo_ratelimit_backend_up`.
    pub fn new(shared: Shared, patience: Duration, metrics: &Metrics) -> Self {
        let up = Gauge::default();
        up.set(1);
        metrics.register(
            "ratelimit_backend_up",
            "Whether Redis counts the requests; 0 means each replica by itself",
            up.clone(),
        );
        Self {
            shared,
            patience,
            is_away: AtomicBool::new(false),
            lost: Notify::new(),
            up,
        }
    }

    /// Counts one request there; nothing while Redis is away.
    pub(super) async fn count(&self, subject: &str, policy: &Policy) -> Option<Decision> {
        self.ask(self.shared.check(subject, policy)).await
    }

    /// The answer to a question; nothing while Redis is away. The first request that finds it so waits for it, those
    /// after it do not.
    pub(crate) async fn ask<T>(&self, question: impl Future<Output = RedisResult<T>>) -> Option<T> {
        if self.is_away.load(Ordering::Relaxed) {
            return None;
        }
        match self.in_time(question).await {
            Ok(answer) => Some(answer),
            Err(why) => {
                self.is_lost(&why);
                None
            }
        }
    }

    fn is_lost(&self, why: &str) {
        if self.is_away.swap(true, Ordering::Relaxed) {
            return;
        }
        self.up.set(0);
        tracing::warn!(
            why,
            "Redis does not answer: each replica counts by itself, and nobody's revocation is seen"
        );
        self.lost.notify_one();
    }

    /// Notices that a Redis that was away is back, whether requests come or not, until `stop`.
    pub async fn watch(&self, stop: CancellationToken) {
        let watching = async {
            loop {
                self.lost.notified().await;
                self.is_found_again().await;
                self.up.set(1);
                self.is_away.store(false, Ordering::Relaxed);
                tracing::info!("Redis answers again");
            }
        };
        stop.run_until_cancelled(watching).await;
    }

    async fn is_found_again(&self) {
        loop {
            tokio::time::sleep(ASKED_AGAIN).await;
            if self.in_time(self.shared.check("", &PROBE)).await.is_ok() {
                return;
            }
        }
    }

    async fn in_time<T>(&self, question: impl Future<Output = RedisResult<T>>) -> Result<T, String> {
        match tokio::time::timeout(self.patience, question).await {
            Ok(answer) => answer.map_err(|error| Chain(&error).to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }
}
