//! How a write is carried out: one statement for the thing, its event and the answer to a request with a key.
//!
//! The first seven parameters of each such statement are `$1` the caller and `$2` to `$7` the record, all null without
//! one. With a record its transaction waits for no lock longer than [`BEGIN`] says, be it that of a twin, which holds
//! the same key, or of another writer of the thing.

use http::HeaderValue;
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgQueryResult};
use sqlx::query::Query;
use todo_kit::failpoint::Failpoint;
use todo_kit::postgres::{self, QueryError};

use super::{Record, Store};

/// Begins a transaction with a patience far below the gateway's deadline of 10 s.
const BEGIN: &str = "begin; set local lock_timeout = '2s'";

/// The part of a statement that stores the answer, if its part `written` has a row.
macro_rules! answered {
    () => {
        " answered as (
              insert into idempotency (owner, key, fingerprint, status, etag, location, body)
              select $1, $2, $3, $4, $5, $6, $7 from written where $2 is not null) "
    };
}
pub(super) use answered;

/// What became of a write. All but `Yes` have written nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// All of it is written.
    Yes,
    /// The thing has another version by now or is gone, or what the write rests on is no longer so.
    VersionGone,
    /// Another task stands in that place.
    PlaceTaken,
    /// Something refers to what was to go, or what was to be referred to is gone.
    Referred,
    /// An answer is stored under the same key.
    KeyTaken,
    /// The key or the thing was locked by another request for too long. Never without a key.
    Blocked,
}

/// A statement with its first seven parameters, ready for the rest.
pub(super) struct Statement<'q> {
    query: Query<'q, Postgres, PgArguments>,
    has_record: bool,
    attempt: &'static str,
}

impl<'q> Statement<'q> {
    /// `sql` for `caller`, to `attempt` (`update a task`).
    pub(super) fn new(
        attempt: &'static str,
        sql: &'static str,
        caller: &'q str,
        record: Option<Record<'q>>,
    ) -> Self {
        let answer = record.map(|record| record.answer);
        let text = |value: &HeaderValue| value.to_str().ok().map(ToOwned::to_owned);
        let query = sqlx::query(sql)
            .bind(caller)
            .bind(record.map(|record| record.claim.key.as_str()))
            .bind(record.map(|record| record.claim.fingerprint.as_bytes()))
            .bind(answer.map(|answer| answer.status.as_u16().cast_signed()))
            .bind(answer.and_then(|answer| answer.etag.as_ref()).and_then(text))
            .bind(answer.and_then(|answer| answer.location.as_ref()).and_then(text))
            .bind(answer.and_then(|answer| answer.body.as_deref()));
        Self {
            query,
            has_record: record.is_some(),
            attempt,
        }
    }

    /// The same with more parameters.
    pub(super) fn bind(
        self,
        more: impl FnOnce(Query<'q, Postgres, PgArguments>) -> Query<'q, Postgres, PgArguments>,
    ) -> Self {
        Self {
            query: more(self.query),
            ..self
        }
    }
}

impl Store {
    /// Carries out a statement that affects no row when what it demands is not so.
    pub(super) async fn write(&self, statement: Statement<'_>) -> Result<Written, QueryError> {
        let Statement {
            query,
            has_record,
            attempt,
        } = statement;
        let done = if has_record {
            self.execute_with_patience(query).await
        } else {
            query.execute(&self.pool).await
        };
        match done {
            Ok(done) if done.rows_affected() == 0 => Ok(Written::VersionGone),
            Ok(_) => Ok(Written::Yes),
            Err(error) => interruption(&error, has_record).ok_or_else(|| QueryError::of(attempt)(error)),
        }
    }

    async fn execute_with_patience(
        &self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<PgQueryResult, sqlx::Error> {
        let mut transaction = postgres::begin_with(&self.pool, BEGIN).await?;
        let done = query.execute(&mut *transaction).await?;
        Failpoint::BeforeCommit.reached().await;
        transaction.commit().await?;
        Failpoint::AfterCommit.reached().await;
        Ok(done)
    }
}

/// What an error of the server says about another request rather than about the database.
fn interruption(error: &sqlx::Error, has_record: bool) -> Option<Written> {
    let answer = error.as_database_error()?;
    match (answer.code().as_deref(), answer.constraint()) {
        (_, Some("idempotency_pkey")) if has_record => Some(Written::KeyTaken),
        (_, Some("task_position")) => Some(Written::PlaceTaken),
        (Some("23503"), _) => Some(Written::Referred),
        (Some("55P03"), _) if has_record => Some(Written::Blocked),
        // Two that wait for each other: one of them is told, and looks again.
        (Some("40P01"), _) => Some(Written::VersionGone),
        _ => None,
    }
}
