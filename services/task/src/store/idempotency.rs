//! The answers that are kept for requests that come again.
//!
//! [`Store::write`] carries out every write of a task. With a record its transaction waits for no lock longer than
//! [`BEGIN`] says, be it that of a twin, which holds the same key, or of another writer of the task.

use http::{HeaderValue, StatusCode};
use sqlx::postgres::{PgArguments, PgQueryResult, PgRow};
use sqlx::query::Query;
use sqlx::{FromRow, Postgres, Row};
use todo_domain::Task;
use todo_kit::failpoint::Failpoint;
use todo_kit::http::idempotency::Claim;
use todo_kit::postgres::{self, QueryError};

use super::{Store, Written};
use crate::answer::Answer;

/// Begins a transaction with a patience far below the gateway's deadline of 10 s.
const BEGIN: &str = "begin; set local lock_timeout = '2s'";
/// How many answers are forgotten by one statement.
const BATCH: u64 = 1000;

/// What is stored with a write: its answer, under the key of its request.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Key and fingerprint.
    pub claim: &'a Claim,
    /// What the write answers.
    pub answer: &'a Answer,
}

/// What an earlier request with the same key was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// The same request, with its answer.
    Same(Answer),
    /// Another request.
    Other,
}

/// What one row of the table is.
struct Kept(Earlier);

impl Store {
    /// What that owner's key was used for, if it was.
    pub async fn earlier(&self, owner: &str, claim: &Claim) -> Result<Option<Earlier>, QueryError> {
        let kept: Option<Kept> = sqlx::query_as(
            "select fingerprint = $3 as is_same, status, etag, location, body from idempotency
             where owner = $1 and key = $2",
        )
        .bind(owner)
        .bind(claim.key.as_str())
        .bind(claim.fingerprint.as_bytes())
        .fetch_optional(&self.pool)
        .await
        .map_err(QueryError::of("read a stored answer"))?;
        Ok(kept.map(|kept| kept.0))
    }

    /// Writes the answer of a request that changes nothing, if the present version is that of `task`.
    pub async fn keep(&self, task: &Task, record: Record<'_>) -> Result<Written, QueryError> {
        let statement = sqlx::query(
            "insert into idempotency (owner, key, fingerprint, status, etag, location, body)
             select owner, $4, $5, $6, $7, $8, $9 from task where id = $1 and owner = $2 and version = $3",
        )
        .bind(task.id.0)
        .bind(&task.owner)
        .bind(task.version);
        self.write(statement, Some(record), "store an answer").await
    }

    /// Forgets the answers that are older than 24 h, and gives how many went. May be cut short at any time.
    pub async fn forget_answers(&self) -> Result<u64, QueryError> {
        let mut all = 0;
        loop {
            // A replica that forgets at the same moment takes others.
            let gone = sqlx::query(
                "delete from idempotency where (owner, key) in (
                     select owner, key from idempotency where created_at < now() - interval '24 hours'
                     order by created_at limit $1 for update skip locked)",
            )
            .bind(BATCH.cast_signed())
            .execute(&self.pool)
            .await
            .map_err(QueryError::of("forget old answers"))?
            .rows_affected();
            all += gone;
            if gone < BATCH {
                return Ok(all);
            }
        }
    }

    /// Carries out a statement whose last six parameters are those of the record, all null without one, and which
    /// affects no row when the version that it demands is gone.
    pub(super) async fn write(
        &self,
        statement: Query<'_, Postgres, PgArguments>,
        record: Option<Record<'_>>,
        attempt: &'static str,
    ) -> Result<Written, QueryError> {
        let answer = record.map(|record| record.answer);
        let text = |value: &HeaderValue| value.to_str().ok().map(ToOwned::to_owned);
        let statement = statement
            .bind(record.map(|record| record.claim.key.as_str()))
            .bind(record.map(|record| record.claim.fingerprint.as_bytes()))
            .bind(answer.map(|answer| answer.status.as_u16().cast_signed()))
            .bind(answer.and_then(|answer| answer.etag.as_ref()).and_then(text))
            .bind(answer.and_then(|answer| answer.location.as_ref()).and_then(text))
            .bind(answer.and_then(|answer| answer.body.as_deref()));
        let done = match record {
            None => statement.execute(&self.pool).await,
            Some(_) => self.execute_with_patience(statement).await,
        };
        match done {
            Ok(done) => Ok(Written::of(done.rows_affected())),
            Err(error) => record
                .and_then(|_| interruption(&error))
                .ok_or_else(|| QueryError::of(attempt)(error)),
        }
    }

    async fn execute_with_patience(
        &self,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<PgQueryResult, sqlx::Error> {
        let mut transaction = postgres::begin_with(&self.pool, BEGIN).await?;
        let done = statement.execute(&mut *transaction).await?;
        Failpoint::BeforeCommit.reached().await;
        transaction.commit().await?;
        Failpoint::AfterCommit.reached().await;
        Ok(done)
    }
}

/// What an error of the server says about another request rather than about the database.
fn interruption(error: &sqlx::Error) -> Option<Written> {
    let answer = error.as_database_error()?;
    if answer.constraint() == Some("idempotency_pkey") {
        Some(Written::KeyTaken)
    } else if answer.code().as_deref() == Some("55P03") {
        Some(Written::Blocked)
    } else {
        None
    }
}

impl<'r> FromRow<'r, PgRow> for Kept {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        if !row.try_get::<bool, _>("is_same")? {
            return Ok(Self(Earlier::Other));
        }
        let header = |name: &str| {
            let text: Option<&str> = row.try_get(name)?;
            text.map(HeaderValue::from_str)
                .transpose()
                .map_err(unreadable(name))
        };
        let status = u16::try_from(row.try_get::<i16, _>("status")?).map_err(unreadable("status"))?;
        Ok(Self(Earlier::Same(Answer {
            status: StatusCode::from_u16(status).map_err(unreadable("status"))?,
            etag: header("etag")?,
            location: header("location")?,
            body: row.try_get("body")?,
        })))
    }
}

fn unreadable<E: std::error::Error + Send + Sync + 'static>(column: &str) -> impl FnOnce(E) -> sqlx::Error {
    move |error| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(error),
    }
}
