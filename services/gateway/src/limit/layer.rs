//! The limiter of one gateway: Redis counts, or this replica while Redis is away.

use std::{sync::Arc, time::Instant};

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use todo_kit::{
    metrics::Metrics,
    problem::{self, Problem},
};

use super::{Backend, Decision, Local, OnError, Policies, Policy};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// The limiter of one gateway.
pub struct Limiter {
    policies: Policies,
    backend: Arc<Backend>,
    local: Local,
    limited: Family<PolicyLabel, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyLabel {
    policy: &'static str,
}

impl Limiter {
    /// A limiter with its metrics registered.
    pub fn new(policies: Policies, backend: Arc<Backend>, metrics: &Metrics) -> Self {
        let limited = Family::<PolicyLabel, Counter>::default();
        for policy in policies.buckets() {
            drop(limited.get_or_create(&PolicyLabel { policy }));
        }
        let help = "Requests refused with 429, by the policy that they were over";
        metrics.register("rate_limited", help, limited.clone());
        Self {
            policies,
            backend,
            local: Local::default(),
            limited,
        }
    }

    /// The policies that hold.
    pub(crate) fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Counts one request of `subject`: `Err` is its answer, when it may not pass.
    pub(crate) async fn count(
        &self,
        subject: &str,
        policy: &Policy,
        on_error: OnError,
    ) -> Result<Decision, Response> {
        let decision = match (self.backend.count(subject, policy).await, on_error) {
            (Some(decision), _) => decision,
            (None, OnError::Local) => self.local.check(subject, policy, Instant::now()),
            (None, OnError::Closed) => {
                return Err(Problem::new(problem::UNAVAILABLE).retry_after(1).into_response());
            }
        };
        if decision.allowed {
            return Ok(decision);
        }
        let label = PolicyLabel {
            policy: policy.bucket,
        };
        self.limited.get_or_create(&label).inc();
        let refusal = Problem::new(problem::RATE_LIMITED).retry_after(decision.retry_after_seconds());
        Err(decision.tell(policy, refusal.into_response()))
    }
}

impl Decision {
    /// `response` with the headers that say where its receiver stands.
    pub(crate) fn tell(&self, policy: &Policy, mut response: Response) -> Response {
        for (name, value) in [(POLICY, policy.header()), (STATE, self.header(policy))] {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
