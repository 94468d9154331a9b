//! The limit around the routes: who calls, how much is left, and the headers that say so.

use std::{
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use todo_kit::{
    Chain,
    auth::Caller,
    metrics::Metrics,
    problem::{self, Problem},
};

use super::{Decision, Local, Policy, Shared};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");
/// How long a request waits for Redis before this replica counts by itself.
pub const PATIENCE: Duration = Duration::from_millis(200);

/// The limiter of one gateway.
pub struct Limiter {
    policy: Policy,
    shared: Shared,
    local: Local,
    /// Whether the last answer came from Redis: a change is logged once.
    up: AtomicBool,
    backend_up: Gauge,
    refused: Counter,
}

impl Limiter {
    /// A limiter with its metrics registered.
    pub fn new(policy: Policy, shared: Shared, metrics: &Metrics) -> Self {
        let (backend_up, refused) = (Gauge::default(), Counter::default());
        backend_up.set(1);
        metrics.register(
            "ratelimit_backend_up",
            "Whether Redis counts the requests; 0 means each replica by itself",
            backend_up.clone(),
        );
        metrics.register("ratelimit_refused", "Requests refused with 429", refused.clone());
        Self {
            policy,
            shared,
            local: Local::default(),
            up: AtomicBool::new(true),
            backend_up,
            refused,
        }
    }

    async fn check(&self, subject: &str) -> Decision {
        match self.shared.check(subject, &self.policy).await {
            Ok(decision) => {
                if !self.up.swap(true, Ordering::Relaxed) {
                    tracing::info!("Redis counts the requests again");
                }
                self.backend_up.set(1);
                decision
            }
            Err(error) => {
                if self.up.swap(false, Ordering::Relaxed) {
                    tracing::warn!(error.chain = %Chain(&error), "Redis does not count the requests: each replica by itself");
                }
                self.backend_up.set(0);
                self.local.check(subject, &self.policy, Instant::now())
            }
        }
    }
}

/// Verifies the caller, counts the request, and lets it pass or answers 429.
pub async fn limit(
    State(limiter): State<Arc<Limiter>>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let decision = limiter.check(&caller.sub).await;
    let mut response = if decision.allowed {
        next.run(request).await
    } else {
        limiter.refused.inc();
        Problem::new(problem::RATE_LIMITED)
            .retry_after(decision.retry_after_seconds())
            .into_response()
    };
    for (name, value) in [(POLICY, limiter.policy.header()), (STATE, decision.header())] {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
