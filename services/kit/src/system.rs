//! The real clock and the real ids: the only places that read them.

use std::time::SystemTime;

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

/// The system's clock in full, for the beginnings of spans: nothing that is decided hangs on it.
#[expect(
    clippy::disallowed_methods,
    reason = "as precise as the clock: the spans of one request lie within a millisecond"
)]
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::now()
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
