//! Rate limits per user, and per address of those who are none: GCRA in Redis, exact across replicas; in memory while
//! Redis is away.

mod backend;
mod layer;
mod local;
mod redis;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::backend::{Backend, PATIENCE};
pub use self::layer::Limiter;
pub use self::{local::Local, redis::Shared};
pub use crate::route::Class;

/// How much one subject may send of what counts in one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Name of the bucket: a class of routes, or [`Policy::SHARED`].
    pub bucket: &'static str,
    /// Requests in a period, at least 1.
    pub requests: u32,
    /// The period.
    pub period: Duration,
    /// Requests that may come at once, at least 1.
    pub burst: u32,
}

/// What becomes of a request that Redis cannot count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// Each replica counts by itself.
    #[default]
    Local,
    /// It is answered 503.
    Closed,
}

/// What the limiter says of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may pass.
    pub allowed: bool,
    /// How many more may come at once.
    pub remaining: u32,
    /// How long a refused subject waits for its next request; zero when allowed.
    pub retry_after: Duration,
    /// How long until the whole burst is free again.
    pub reset: Duration,
}

impl Policy {
    /// The bucket of all classes of routes without one of their own.
    pub const SHARED: &'static str = "default";
    /// The bucket of requests without a token that is accepted.
    pub const UNAUTHENTICATED: &'static str = "unauthenticated";

    /// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
    pub fn header(&self) -> String {
        format!(
            "\"{}\";q={};w={}",
            self.bucket,
            self.requests,
            self.period.as_secs()
        )
    }

    /// The key of one subject's counter. The bucket comes first: a subject may be any text.
    fn key(&self, subject: &str) -> String {
        format!("{}:{subject}", self.bucket)
    }
}

/// The policy of each class of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policies {
    read: Policy,
    write: Policy,
    analytics: Policy,
    unauthenticated: (Policy, OnError),
}

impl Policies {
    /// One bucket for every user's requests, whatever they do, and one for requests that are nobody's.
    pub fn new(shared: Policy, unauthenticated: Policy, on_error: OnError) -> Self {
        Self {
            read: shared,
            write: shared,
            analytics: shared,
            unauthenticated: (unauthenticated, on_error),
        }
    }

    /// The same with a policy of its own for one class.
    #[must_use]
    pub fn with(mut self, class: Class, policy: Policy) -> Self {
        match class {
            Class::Read => self.read = policy,
            Class::Write => self.write = policy,
            Class::Analytics => self.analytics = policy,
        }
        self
    }

    /// The buckets that are counted in.
    fn buckets(&self) -> [&'static str; 4] {
        let (unauthenticated, _) = self.unauthenticated;
        [self.read, self.write, self.analytics, unauthenticated].map(|policy| policy.bucket)
    }

    /// What holds for requests without a token that is accepted.
    pub fn unauthenticated(&self) -> (Policy, OnError) {
        self.unauthenticated
    }

    /// What holds for the routes of a class.
    pub fn of(&self, class: Class) -> Policy {
        match class {
            Class::Read => self.read,
            Class::Write => self.write,
            Class::Analytics => self.analytics,
        }
    }
}

impl Decision {
    /// `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
    pub fn header(&self, policy: &Policy) -> String {
        format!(
            "\"{}\";r={};t={}",
            policy.bucket,
            self.remaining,
            ceil_seconds(self.reset)
        )
    }

    /// `Retry-After` in whole seconds, rounded up, at least 1: a client that obeys is let in.
    pub fn retry_after_seconds(&self) -> u64 {
        ceil_seconds(self.retry_after).max(1)
    }
}

fn ceil_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_up_so_that_an_obedient_client_is_let_in() {
        let policy = Policy {
            bucket: "write",
            requests: 10,
            period: Duration::from_mins(1),
            burst: 10,
        };
        assert_eq!(policy.header(), "\"write\";q=10;w=60");
        let refused = Decision {
            allowed: false,
            remaining: 0,
            retry_after: Duration::from_millis(5_100),
            reset: Duration::from_millis(59_001),
        };
        assert_eq!(
            (refused.header(&policy).as_str(), refused.retry_after_seconds()),
            ("\"write\";r=0;t=60", 6)
        );
    }
}
