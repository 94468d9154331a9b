//! The answers that are kept for requests that come again, each under its user and key.

use http::{HeaderValue, StatusCode};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use todo_kit::http::idempotency::Claim;
use todo_kit::postgres::QueryError;

use super::{Store, unreadable};
use crate::answer::Answer;

/// How many answers are forgotten by one statement.
const BATCH: u64 = 1000;

/// What is stored with a write: its answer, under the key of its request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Key and fingerprint.
    pub(crate) claim: &'a Claim,
    /// What the write answers.
    pub(crate) answer: &'a Answer,
}

/// What an earlier request with the same key was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// The same request, with its answer.
    Same(Answer),
    /// Another request.
    Other,
}

/// What one row of the table is.
struct Kept(Earlier);

impl Store {
    /// What that user's key was used for, if it was.
    pub(crate) async fn earlier(&self, user: &str, claim: &Claim) -> Result<Option<Earlier>, QueryError> {
        let kept: Option<Kept> = sqlx::query_as(
            "select fingerprint = $3 as is_same, status, etag, location, body from idempotency
             where owner = $1 and key = $2",
        )
        .bind(user)
        .bind(claim.key.as_str())
        .bind(claim.fingerprint.as_bytes())
        .fetch_optional(&self.pool)
        .await
        .map_err(QueryError::of("read a stored answer"))?;
        Ok(kept.map(|kept| kept.0))
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
