use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use utoipa::ToSchema;

use super::{Store, StoreError, failed_to};

/// What happened to one user on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Day {
    /// The day, in UTC.
    pub day: Date,
    /// Tasks made.
    pub created: i64,
    /// Tasks that became done and still are.
    pub completed: i64,
    /// Tasks deleted.
    pub deleted: i64,
    /// Reminders published.
    pub reminders: i64,
    /// Messages sent.
    pub notifications_delivered: i64,
    /// Messages given up.
    pub notifications_failed: i64,
}

impl Store {
    /// What happened to `owner` from `from` to `to`, both included, the earliest first; days without anything are left
    /// out. Counted events show once a read replica has followed, where there is one.
    pub async fn daily(&self, owner: &str, from: Date, to: Date) -> Result<Vec<Day>, StoreError> {
        if let Some(replica) = &self.replica {
            let answer = replica.ask(async |pool| daily(pool, owner, from, to).await).await;
            if let Some(days) = answer {
                return Ok(days);
            }
        }
        daily(&self.pool, owner, from, to)
            .await
            .map_err(failed_to("read the daily counts"))
    }
}

async fn daily(pool: &PgPool, owner: &str, from: Date, to: Date) -> Result<Vec<Day>, sqlx::Error> {
    sqlx::query(
        "select day, created, completed, deleted, reminders, notifications_delivered, notifications_failed
         from daily_user where owner = $1 and day between $2 and $3
           and (created, completed, deleted, reminders, notifications_delivered, notifications_failed)
               <> (0, 0, 0, 0, 0, 0)
         order by day",
    )
    .bind(owner)
    .bind(from.to_sqlx())
    .bind(to.to_sqlx())
    .try_map(|row: PgRow| {
        Ok(Day {
            day: row.try_get::<jiff_sqlx::Date, _>("day")?.to_jiff(),
            created: row.try_get("created")?,
            completed: row.try_get("completed")?,
            deleted: row.try_get("deleted")?,
            reminders: row.try_get("reminders")?,
            notifications_delivered: row.try_get("notifications_delivered")?,
            notifications_failed: row.try_get("notifications_failed")?,
        })
    })
    .fetch_all(pool)
    .await
}
