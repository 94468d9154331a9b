//! The limiter that all replicas share.

use std::time::Duration;

use redis::Script;
use todo_kit::redis::Redis;

use super::{Decision, Policy};

/// GCRA in Redis, one call a request, by the server's clock: replicas cannot disagree about the time.
#[derive(Clone)]
pub struct Shared {
    connection: Redis,
    script: std::sync::Arc<Script>,
    /// Keeps the counters of platforms apart that share a Redis.
    prefix: String,
}

impl Shared {
    /// A limiter whose keys begin with `<namespace>.<platform>`.
    pub fn new(connection: Redis, namespace: &str, platform: &str) -> Self {
        let script = std::sync::Arc::new(Script::new(include_str!("gcra.lua")));
        Self {
            connection,
            script,
            prefix: format!("{namespace}.{platform}:ratelimit"),
        }
    }

    /// Counts one request of a subject. An error means that Redis did not answer.
    pub async fn check(&self, subject: &str, policy: &Policy) -> Result<Decision, redis::RedisError> {
        let mut connection = self.connection.clone();
        let (allowed, remaining, retry_after, reset): (i64, i64, i64, i64) = self
            .script
            .key(format!("{}:{}", self.prefix, policy.key(subject)))
            .arg(u64::try_from(policy.period.as_micros()).unwrap_or(u64::MAX))
            .arg(policy.requests)
            .arg(policy.burst)
            .arg(1)
            .invoke_async(&mut connection)
            .await?;
        Ok(Decision {
            allowed: allowed == 1,
            remaining: u32::try_from(remaining).unwrap_or(0),
            retry_after: milliseconds(retry_after),
            reset: milliseconds(reset),
        })
    }
}

fn milliseconds(value: i64) -> Duration {
    Duration::from_millis(u64::try_from(value).unwrap_or(0))
}
