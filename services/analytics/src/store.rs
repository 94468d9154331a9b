//! The counts in PostgreSQL. An event and its effect commit together; the same event again changes nothing.

mod daily;
mod dead_letters;
mod fold;
mod replica;

use sqlx::PgPool;
use todo_kit::events::Outcome;

pub use daily::Day;
pub use fold::Happening;
pub use replica::{PATIENCE as REPLICA_PATIENCE, Replica};

/// The counts of one platform.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    replica: Option<Replica>,
}

impl Store {
    /// Works on `pool`, whose search path is our schema.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, replica: None }
    }

    /// Reads what may be a moment old from `replica`, when there is one and it answers.
    #[must_use]
    pub fn reading_from(self, replica: Option<Replica>) -> Self {
        Self { replica, ..self }
    }
}

/// A database that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL: could not {attempted}")]
pub struct StoreError {
    /// What was tried.
    pub attempted: &'static str,
    /// Why it failed.
    pub source: sqlx::Error,
}

/// To be used as `map_err(failed_to("count an event"))`.
fn failed_to(attempted: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError { attempted, source }
}

/// What came of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folded {
    /// It is counted.
    Counted,
    /// It was taken in before, or tells an older state than is known; nothing changed.
    Stale,
}

impl From<Folded> for Outcome {
    fn from(folded: Folded) -> Self {
        match folded {
            Folded::Counted => Self::Applied,
            Folded::Stale => Self::Duplicate,
        }
    }
}
