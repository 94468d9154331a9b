//! Deliveries in PostgreSQL.
//!
//! An event and the deliveries that it asks for commit together, and so do a delivery's outcome and the event that
//! tells of it. Between them stands the mail server, which knows no transactions: a crash after it took a mail and
//! before we noted so sends that mail again, with the same `Message-ID`. Times are the database's, so that replicas need
//! not agree on one.

mod dead_letters;
mod list;
mod plan;
mod work;

use sqlx::PgPool;

pub use list::{ListedDelivery, Page, Position};
pub use plan::PlanOutcome;
pub use work::Delivery;

/// The deliveries of one platform.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// Works on `pool`, whose search path is our schema.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
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

/// To be used as `map_err(failed_to("list deliveries"))`.
fn failed_to(attempted: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError { attempted, source }
}
