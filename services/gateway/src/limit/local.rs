//! The limiter of one process, for the time that Redis is away.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Decision, Policy};

/// At most so many subjects are remembered; beyond it those whose burst is free again are forgotten, and if that makes
/// no room, all are: a limit that is inexact for a moment is better than a memory without end.
const MAX_SUBJECTS: usize = 100_000;

/// GCRA in memory: per bucket and subject the theoretical arrival time of its next request.
#[derive(Debug, Default)]
pub struct Local {
    arrivals: Mutex<HashMap<String, Instant>>,
}

impl Local {
    /// Counts one request of a subject at a moment.
    pub fn check(&self, subject: &str, policy: &Policy, now: Instant) -> Decision {
        let step = policy.period / policy.requests.max(1);
        let tolerance = step * policy.burst.max(1);
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        if arrivals.len() >= MAX_SUBJECTS {
            arrivals.retain(|_, arrival| *arrival > now);
        }
        if arrivals.len() >= MAX_SUBJECTS {
            arrivals.clear();
        }
        let key = policy.key(subject);
        let arrival = arrivals.get(&key).copied().unwrap_or(now).max(now);
        let following = arrival + step;
        let ahead = following.saturating_duration_since(now);
        if ahead > tolerance {
            return Decision {
                allowed: false,
                remaining: 0,
                retry_after: ahead.saturating_sub(tolerance),
                reset: arrival.saturating_duration_since(now),
            };
        }
        arrivals.insert(key, following);
        Decision {
            allowed: true,
            remaining: whole(tolerance.saturating_sub(ahead), step),
            retry_after: Duration::ZERO,
            reset: ahead,
        }
    }
}

/// How many whole steps fit.
fn whole(free: Duration, step: Duration) -> u32 {
    u32::try_from(free.as_nanos() / step.as_nanos().max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        bucket: Policy::SHARED,
        requests: 10,
        period: Duration::from_mins(1),
        burst: 10,
    };

    #[test]
    fn ten_pass_and_the_eleventh_waits_for_one_step() {
        let (limit, now) = (Local::default(), Instant::now());
        for left in (0..10).rev() {
            let decision = limit.check("alice", &POLICY, now);
            assert_eq!((decision.allowed, decision.remaining), (true, left));
        }
        let refused = limit.check("alice", &POLICY, now);
        assert!(!refused.allowed);
        assert_eq!(refused.retry_after, Duration::from_secs(6));
        assert!(
            limit.check("alice", &POLICY, now + refused.retry_after).allowed,
            "one step later one more passes"
        );
        assert!(!limit.check("alice", &POLICY, now + refused.retry_after).allowed);
    }

    #[test]
    fn subjects_do_not_share_a_limit() {
        let (limit, now) = (Local::default(), Instant::now());
        for _ in 0..11 {
            limit.check("alice", &POLICY, now);
        }
        assert!(limit.check("bob", &POLICY, now).allowed);
    }

    #[test]
    fn buckets_of_one_subject_are_apart() {
        let (limit, now) = (Local::default(), Instant::now());
        for _ in 0..11 {
            limit.check("alice", &POLICY, now);
        }
        let writes = Policy {
            bucket: "write",
            ..POLICY
        };
        assert!(limit.check("alice", &writes, now).allowed);
        assert!(!limit.check("alice", &POLICY, now).allowed);
    }

    #[test]
    fn a_full_memory_forgets_those_who_are_free_again() {
        let (limit, now) = (Local::default(), Instant::now());
        for i in 0..MAX_SUBJECTS {
            limit.check(&format!("user-{i}"), &POLICY, now);
        }
        limit.check("late", &POLICY, now + Duration::from_secs(7));
        assert!(limit.arrivals.lock().unwrap().len() < 10);
    }

    #[test]
    fn a_memory_full_of_those_who_wait_does_not_grow() {
        let (limit, now) = (Local::default(), Instant::now());
        for i in 0..=MAX_SUBJECTS {
            limit.check(&format!("user-{i}"), &POLICY, now);
        }
        assert_eq!(limit.arrivals.lock().unwrap().len(), 1);
    }
}
