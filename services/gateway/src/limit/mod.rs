//! Rate limits per user: GCRA in Redis, exact across replicas; in memory while Redis is away.

mod layer;
mod local;
mod redis;

use std::time::Duration;

pub use self::layer::{Limiter, PATIENCE, limit};
pub use self::{local::Local, redis::Shared};

/// How much one subject may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Requests in a period, at least 1.
    pub requests: u32,
    /// The period.
    pub period: Duration,
    /// Requests that may come at once, at least 1.
    pub burst: u32,
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
    /// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
    pub fn header(&self) -> String {
        format!("\"default\";q={};w={}", self.requests, self.period.as_secs())
    }
}

impl Decision {
    /// `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
    pub fn header(&self) -> String {
        format!("\"default\";r={};t={}", self.remaining, ceil_seconds(self.reset))
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
            requests: 10,
            period: Duration::from_mins(1),
            burst: 10,
        };
        assert_eq!(policy.header(), "\"default\";q=10;w=60");
        let refused = Decision {
            allowed: false,
            remaining: 0,
            retry_after: Duration::from_millis(5_100),
            reset: Duration::from_millis(59_001),
        };
        assert_eq!(
            (refused.header().as_str(), refused.retry_after_seconds()),
            ("\"default\";r=0;t=60", 6)
        );
    }
}
