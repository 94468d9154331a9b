//! The history of tasks. Who may read a task may read what became of it.

use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use todo_domain::{HistoryEntry, TaskId};
use todo_kit::postgres::QueryError;

use super::{Store, json, named};

/// How many entries are forgotten by one statement.
const BATCH: u64 = 1000;

/// The part of a statement that keeps the step in that parameter, a [`HistoryEntry`], of the task that its part
/// `written` names.
macro_rules! remembered {
    ($entry:literal) => {
        concat!(
            " remembered as (
                  insert into task_history (task_id, version, at, actor, kind, changed, trace_id)
                  select written.id, entry.* from written, jsonb_to_record(",
            $entry,
            ") as entry (version bigint, at timestamptz, actor text, kind text, changed jsonb, trace_id text)),"
        )
    };
}
pub(super) use remembered;

/// One step, with its place among those of its task.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Greater than that of every step before it.
    pub(crate) place: i64,
    /// What it was.
    pub(crate) entry: HistoryEntry,
}

impl Store {
    /// At most `limit` steps of a task that the caller may read, the newest first, made before the one at `before`.
    pub(crate) async fn history(
        &self,
        caller: &str,
        id: TaskId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Step>, QueryError> {
        sqlx::query_as(
            "select * from task_history
             where task_id = $2 and step < $3 and exists (
                 select from task
                 where task.id = $2 and (task.project_id is null and task.owner = $1 or exists (
                     select from project_member as member
                     where member.project_id = task.project_id and member.user_id = $1)))
             order by step desc limit $4",
        )
        .bind(caller)
        .bind(id.0)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(QueryError::of("read the history of a task"))
    }

    /// Forgets the steps that are older than 365 days, and gives how many went. May be cut short at any time.
    pub async fn forget_history(&self) -> Result<u64, QueryError> {
        let mut all = 0;
        loop {
            let gone = sqlx::query(
                "delete from task_history where (task_id, step) in (
                     select task_id, step from task_history where at < now() - interval '365 days'
                     order by at limit $1 for update skip locked)",
            )
            .bind(BATCH.cast_signed())
            .execute(&self.pool)
            .await
            .map_err(QueryError::of("forget old history"))?
            .rows_affected();
            all += gone;
            if gone < BATCH {
                return Ok(all);
            }
        }
    }
}

impl<'r> FromRow<'r, PgRow> for Step {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            place: row.try_get("step")?,
            entry: HistoryEntry {
                version: row.try_get("version")?,
                at: row.try_get::<SqlTimestamp, _>("at")?.to_jiff(),
                actor: row.try_get("actor")?,
                kind: named(row, "kind")?,
                changed: json(row, "changed")?,
                trace_id: row.try_get("trace_id")?,
            },
        })
    }
}
