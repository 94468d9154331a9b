//! The one place that knows what time it is.

use jiff::Timestamp;

/// Gives the current time; a fixed one in tests.
pub trait Clock: Send + Sync {
    /// Now, to the second or finer.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "the only place that reads the system clock"
        )]
        Timestamp::now()
    }
}
