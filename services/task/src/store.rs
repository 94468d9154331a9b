//! Tasks and projects in PostgreSQL: all SQL of this service.
//!
//! Every statement asks what its caller may do, so that nobody reads or writes what is another's, and every write is one
//! statement that also writes the event and, for a request with a key, its answer ([`write`]).

mod history;
pub(crate) mod idempotency;
mod projects;
mod sync;
mod tasks;
mod trash;
mod write;

use sqlx::PgPool;
use sqlx::postgres::PgRow;
use sqlx::{Row, types::Json};

pub(crate) use idempotency::{Earlier, Record};
pub(crate) use projects::ProjectWrite;
pub(crate) use sync::{SYNC_DAYS, SyncChange};
pub use tasks::DUE;
pub(crate) use tasks::{Gap, Links, TaskQuery, TaskWrite, Unfit};
pub(crate) use trash::{Returning, TRASH_DAYS, Trashed};
pub(crate) use write::Written;

/// The tasks and projects of all users.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// What the schema has that the pool's connections work in.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

/// A column that holds the name of something.
fn named<T>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text: &str = row.try_get(column)?;
    text.parse().map_err(unreadable(column))
}

/// A column that holds JSON.
fn json<T>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T: serde::de::DeserializeOwned + 'static,
{
    row.try_get::<Json<T>, _>(column).map(|json| json.0)
}

fn unreadable<E: std::error::Error + Send + Sync + 'static>(column: &str) -> impl FnOnce(E) -> sqlx::Error {
    move |error| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(error),
    }
}
