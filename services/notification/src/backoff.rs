//! When a delivery that failed is tried again; pure.

use std::time::Duration;

use uuid::Uuid;

/// How often a delivery is attempted before it is given up: over about two and a half hours.
pub const MAX_ATTEMPTS: u32 = 8;

const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_hours(1);

/// The pause after attempt number `attempt` (from 1): 5 s, four times longer each time, at most an hour, and up to a
/// fifth more or less by delivery, so that a mail server that comes back is not met by all of them at once.
///
/// The jitter comes from the delivery's id, so the same delivery always waits as long.
pub fn backoff(delivery: Uuid, attempt: u32) -> Duration {
    let factor = 4_u32.saturating_pow(attempt.saturating_sub(1));
    let pause = FIRST.saturating_mul(factor).min(LONGEST);
    let percent = 80 + u32::from(delivery.as_bytes()[15]) * 40 / 255;
    pause * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_an_hour_and_differ_by_a_fifth_at_most() {
        let [shortest, longest] = [Uuid::nil(), Uuid::max()];
        for (attempt, seconds) in [
            (1, 5),
            (2, 20),
            (3, 80),
            (4, 320),
            (5, 1280),
            (6, 3600),
            (7, 3600),
            (99, 3600),
        ] {
            let pause = Duration::from_secs(seconds);
            assert_eq!(backoff(shortest, attempt), pause * 80 / 100, "attempt {attempt}");
            assert_eq!(backoff(longest, attempt), pause * 120 / 100, "attempt {attempt}");
        }
    }
}
