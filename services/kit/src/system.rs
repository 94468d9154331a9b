//! The real clock and the real ids: the only places that read them.

use jiff::Timestamp;
use todo_domain::{Clock, IdSource};
use uuid::Uuid;

/// The system's clock, cut to whole milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the only place that reads the system clock"
    )]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// Fresh `UUIDv7`s from the system's clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "the only place that draws ids")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
