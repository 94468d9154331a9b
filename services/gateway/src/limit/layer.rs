//! The limit around the routes: who calls, how much is left, and the headers that say so.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
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
/// How often a Redis that was away is asked whether it counts again. No request waits for that.
const ASKED_AGAIN: Duration = Duration::from_secs(1);
/// What it is asked to count then: nobody's requests.
const PROBE: Policy = Policy {
    bucket: "probe",
    requests: 1,
    period: Duration::from_secs(1),
    burst: 1,
};

/// The limiter of one gateway.
pub struct Limiter {
    policies: Policies,
    backend: Arc<Backend>,
    local: Local,
    limited: Family<PolicyLabel, Counter>,
}

/// The shared limiter, and whether it answers.
struct Backend {
    shared: Shared,
    is_away: AtomicBool,
    up: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyLabel {
    policy: &'static str,
}

impl Limiter {
    /// A limiter with its metrics registered.
    pub fn new(policies: Policies, shared: Shared, metrics: &Metrics) -> Self {
        let (up, limited) = (Gauge::default(), Family::<PolicyLabel, Counter>::default());
        for policy in policies.buckets() {
            drop(limited.get_or_create(&PolicyLabel { policy }));
        }
        up.set(1);
        metrics.register(
            "ratelimit_backend_up",
            "Whether Redis counts the requests; 0 means each replica by itself",
            up.clone(),
        );
        let help = "Requests refused with 429, by the policy that they were over";
        metrics.register("rate_limited", help, limited.clone());
        Self {
            policies,
            backend: Arc::new(Backend {
                shared,
                is_away: AtomicBool::new(false),
                up,
            }),
            local: Local::default(),
            limited,
        }
    }

    async fn check(&self, subject: &str, policy: &Policy) -> Decision {
        match self.backend.check(subject, policy).await {
            Some(decision) => decision,
            None => self.local.check(subject, policy, Instant::now()),
        }
    }
}

impl Backend {
    /// What Redis says; nothing while it is away. The first request that finds it so waits for it, those after it do
    /// not.
    async fn check(self: &Arc<Self>, subject: &str, policy: &Policy) -> Option<Decision> {
        if self.is_away.load(Ordering::Relaxed) {
            return None;
        }
        match self.ask(subject, policy).await {
            Ok(decision) => Some(decision),
            Err(why) => {
                self.is_lost(&why);
                None
            }
        }
    }

    async fn ask(&self, subject: &str, policy: &Policy) -> Result<Decision, String> {
        match tokio::time::timeout(PATIENCE, self.shared.check(subject, policy)).await {
            Ok(answer) => answer.map_err(|error| Chain(&error).to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    fn is_lost(self: &Arc<Self>, why: &str) {
        if self.is_away.swap(true, Ordering::Relaxed) {
            return;
        }
        self.up.set(0);
        tracing::warn!(
            why,
            "Redis does not count the requests: each replica does by itself"
        );
        tokio::spawn(Arc::clone(self).is_found_again());
    }

    /// Asks until there is an answer, whether requests come or not.
    async fn is_found_again(self: Arc<Self>) {
        loop {
            tokio::time::sleep(ASKED_AGAIN).await;
            if self.ask("", &PROBE).await.is_ok() {
                break;
            }
        }
        self.up.set(1);
        self.is_away.store(false, Ordering::Relaxed);
        tracing::info!("Redis counts the requests again");
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
