//! Where time and ids come from.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// The present, in whole milliseconds: what PostgreSQL and JSON carry without loss.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// New unique ids.
pub trait IdSource: Send + Sync {
    /// A new `UUIDv7`.
    fn next(&self) -> Uuid;
}

/// A clock that stands still until it is told otherwise; for tests.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows `now`, cut to milliseconds.
    pub fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_millisecond()))
    }

    /// Moves the clock by `by`, cut to milliseconds.
    pub fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(
            i64::try_from(by.as_millis()).unwrap_or(i64::MAX),
            Ordering::SeqCst,
        );
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

/// Ids that count up from 1; for tests.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl IdSource for SequentialIds {
    fn next(&self) -> Uuid {
        let count = u128::from(self.0.fetch_add(1, Ordering::SeqCst)) + 1;
        // Version 7 and the RFC variant, so that whatever checks them accepts these ids too.
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | count)
    }
}
