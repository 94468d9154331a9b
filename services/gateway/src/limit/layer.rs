//! The limit around the routes: who calls, how much is left, and the headers that say so.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};
use todo_kit::{
    Chain,
    auth::Caller,
    metrics::Metrics,
    problem::{self, Problem},
};

use super::{Class, Decision, Local, Policies, Policy, Shared};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");
/// How long a request waits for Redis before this replica counts by itself.
pub const PATIENCE: Duration = Duration::from_millis(50);
/// How long this replica then counts by itself before it asks Redis again: one request in a while waits, not each.
const TRIPPED: Duration = Duration::from_secs(1);

/// The limiter of one gateway.
pub struct Limiter {
    policies: Policies,
    shared: Shared,
    local: Local,
    /// While Redis is away: when it is asked again.
    asked_again_at: Mutex<Option<Instant>>,
    backend_up: Gauge,
    limited: Family<PolicyLabel, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyLabel {
    policy: &'static str,
}

impl Limiter {
    /// A limiter with its metrics registered.
    pub fn new(policies: Policies, shared: Shared, metrics: &Metrics) -> Self {
        let (backend_up, limited) = (Gauge::default(), Family::<PolicyLabel, Counter>::default());
        for policy in policies.buckets() {
            drop(limited.get_or_create(&PolicyLabel { policy }));
        }
        backend_up.set(1);
        metrics.register(
            "ratelimit_backend_up",
            "Whether Redis counts the requests; 0 means each replica by itself",
            backend_up.clone(),
        );
        let help = "Requests refused with 429, by the policy that they were over";
        metrics.register("rate_limited", help, limited.clone());
        Self {
            policies,
            shared,
            local: Local::default(),
            asked_again_at: Mutex::new(None),
            backend_up,
            limited,
        }
    }

    async fn check(&self, subject: &str, policy: &Policy) -> Decision {
        let now = Instant::now();
        if !self.is_tripped(now) {
            let answer = tokio::time::timeout(PATIENCE, self.shared.check(subject, policy)).await;
            match answer {
                Ok(Ok(decision)) => {
                    self.recovered();
                    return decision;
                }
                Ok(Err(error)) => self.trip(now, &Chain(&error)),
                Err(_) => self.trip(now, &"no answer in time"),
            }
        }
        self.local.check(subject, policy, now)
    }

    fn is_tripped(&self, now: Instant) -> bool {
        self.tripped_until().is_some_and(|again| now < again)
    }

    fn trip(&self, now: Instant, why: &dyn std::fmt::Display) {
        if self.tripped_until().replace(now + TRIPPED).is_none() {
            self.backend_up.set(0);
            tracing::warn!(why = %why, "Redis does not count the requests: each replica does by itself");
        }
    }

    fn recovered(&self) {
        if self.tripped_until().take().is_some() {
            self.backend_up.set(1);
            tracing::info!("Redis counts the requests again");
        }
    }

    fn tripped_until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.asked_again_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Verifies the caller, counts the request, and lets it pass or answers 429.
pub async fn limit(
    State(limiter): State<Arc<Limiter>>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let policy = limiter
        .policies
        .of(Class::of(request.method(), request.uri().path()));
    let decision = limiter.check(&caller.sub, &policy).await;
    let mut response = if decision.allowed {
        next.run(request).await
    } else {
        let policy = policy.bucket;
        limiter.limited.get_or_create(&PolicyLabel { policy }).inc();
        Problem::new(problem::RATE_LIMITED)
            .retry_after(decision.retry_after_seconds())
            .into_response()
    };
    for (name, value) in [(POLICY, policy.header()), (STATE, decision.header(&policy))] {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
