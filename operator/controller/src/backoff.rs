//! How long to wait before the next pass, per platform.
//!
//! Pure: jitter is drawn by the caller, so that tests can fix it.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// First delay after a failure; doubled by each further one.
const FIRST: Duration = Duration::from_secs(1);
/// Longest delay after failures. Our choice: it spares the API server and is still short enough to wait for.
const LONGEST: Duration = Duration::from_mins(5);

/// Counts the failed passes in a row of each platform.
#[derive(Debug)]
pub struct Backoff<K> {
    failures: HashMap<K, u32>,
}

impl<K: Eq + Hash> Default for Backoff<K> {
    fn default() -> Self {
        Self {
            failures: HashMap::new(),
        }
    }
}

impl<K: Eq + Hash> Backoff<K> {
    /// Notes a failed pass and says how long to wait. `jitter` is between 0 and 1.
    pub fn failed(&mut self, key: K, jitter: f64) -> Duration {
        let failures = self.failures.entry(key).or_insert(0);
        *failures = failures.saturating_add(1);
        delay(*failures, jitter)
    }

    /// Forgets the failures of a platform: its pass succeeded, or it is gone.
    pub fn reset(&mut self, key: &K) {
        self.failures.remove(key);
    }

    /// How many platforms failed in their last pass.
    pub fn len(&self) -> usize {
        self.failures.len()
    }

    /// Whether no platform failed in its last pass.
    pub fn is_empty(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Delay after `failures` (1 or more) failed passes in a row.
///
/// 1 s doubled per failure, at most 300 s, times 0.8 to 1.2 as `jitter` goes from 0 to 1.
pub fn delay(failures: u32, jitter: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let base = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    base.mul_f64(0.8 + 0.4 * jitter.clamp(0.0, 1.0))
}

/// A moment between `from` and `to`, as `jitter` goes from 0 to 1, so that platforms spread out.
pub fn between(from: Duration, to: Duration, jitter: f64) -> Duration {
    from + to.saturating_sub(from).mul_f64(jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_its_cap() {
        let seconds: Vec<u64> = (1..=11).map(|n| delay(n, 0.5).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(delay(u32::MAX, 1.0), Duration::from_mins(6));
    }

    #[test]
    fn jitter_moves_the_delay_by_a_fifth_at_most() {
        assert_eq!(delay(4, 0.0), Duration::from_millis(6400));
        assert_eq!(delay(4, 1.0), Duration::from_millis(9600));
    }

    #[test]
    fn a_success_starts_the_count_anew_and_others_are_not_touched() {
        let mut backoff = Backoff::default();
        for _ in 0..3 {
            backoff.failed("a", 0.5);
        }
        backoff.failed("b", 0.5);
        backoff.reset(&"a");
        assert_eq!(backoff.len(), 1);
        assert_eq!(backoff.failed("a", 0.5), Duration::from_secs(1));
        assert_eq!(backoff.failed("b", 0.5), Duration::from_secs(2));
    }

    #[test]
    fn a_spread_wait_stays_within_its_bounds() {
        let (from, to) = (Duration::from_mins(5), Duration::from_mins(10));
        assert_eq!(between(from, to, 0.0), from);
        assert_eq!(between(from, to, 0.5), Duration::from_secs(450));
        assert_eq!(between(from, to, 7.0), to);
    }
}
