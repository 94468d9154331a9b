//! What changed in the spaces of a user: the last change of each task, in the order of the space's numbers.

use std::collections::BTreeMap;

use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use todo_domain::{ProjectId, Task, TaskId};
use todo_kit::postgres::QueryError;
use uuid::Uuid;

use super::Store;
use super::tasks::Stored;

/// How many changes are forgotten by one statement.
const BATCH: u64 = 1000;
/// How many days a token is good for.
pub(crate) const SYNC_DAYS: i32 = 45;

/// One change.
#[derive(Debug, Clone)]
pub(crate) struct SyncChange {
    /// The space it happened in: a project, or what the user has alone.
    pub(crate) space: Option<ProjectId>,
    /// Its number there.
    pub(crate) number: i64,
    /// The task it is about.
    pub(crate) id: TaskId,
    /// The task as it is now; `None` when it is no longer in that space.
    pub(crate) task: Option<Task>,
}

impl Store {
    /// The projects that the caller is a member of.
    pub(crate) async fn memberships(&self, caller: &str) -> Result<Vec<ProjectId>, QueryError> {
        let found: Vec<Uuid> = sqlx::query_scalar("select project_id from project_member where user_id = $1")
            .bind(caller)
            .fetch_all(&self.pool)
            .await
            .map_err(QueryError::of("read the projects of a user"))?;
        Ok(found.into_iter().map(ProjectId).collect())
    }

    /// At most `limit` changes in the spaces of the caller, behind the number that was `seen` in each, or behind none.
    pub(crate) async fn changes(
        &self,
        caller: &str,
        seen: &BTreeMap<Option<ProjectId>, i64>,
        limit: i64,
    ) -> Result<Vec<SyncChange>, QueryError> {
        let (projects, numbers): (Vec<_>, Vec<_>) = seen
            .iter()
            .map(|(space, number)| (space.map(|id| id.0), *number))
            .unzip();
        sqlx::query_as(
            "select own.project_id as in_project, log.n as number, log.task_id as changed, task.*
             from (select null::uuid as project_id
                   union all
                   select project_id from project_member where user_id = $1) as own
             left join unnest($2::uuid[], $3::bigint[]) as seen (project_id, n)
                 on seen.project_id is not distinct from own.project_id
             cross join lateral (
                 select n, task_id, space from sync_log
                 where space = space_of($1, own.project_id) and n > coalesce(seen.n, 0)
                 order by n limit $4
             ) as log
             left join task on task.id = log.task_id and task.space = log.space
             order by log.space, log.n limit $4",
        )
        .bind(caller)
        .bind(projects)
        .bind(numbers)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(QueryError::of("read what changed"))
    }

    /// Forgets tasks that left a space a day before the oldest token that is good, and gives how many. May be cut short
    /// at any time.
    pub async fn forget_changes(&self) -> Result<u64, QueryError> {
        let mut all = 0;
        loop {
            let gone = sqlx::query(
                "delete from sync_log where (space, task_id) in (
                     select log.space, log.task_id from sync_log as log
                     where log.at < now() - make_interval(days => $2 + 1) and not exists (
                         select from task where task.id = log.task_id and task.space = log.space)
                     order by log.at limit $1 for update skip locked)",
            )
            .bind(BATCH.cast_signed())
            .bind(SYNC_DAYS)
            .execute(&self.pool)
            .await
            .map_err(QueryError::of("forget old changes"))?
            .rows_affected();
            all += gone;
            if gone < BATCH {
                return Ok(all);
            }
        }
    }
}

impl<'r> FromRow<'r, PgRow> for SyncChange {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let is_there = row.try_get::<Option<Uuid>, _>("id")?.is_some();
        let stored = is_there.then(|| Stored::from_row(row)).transpose()?;
        Ok(Self {
            space: row.try_get::<Option<Uuid>, _>("in_project")?.map(ProjectId),
            number: row.try_get("number")?,
            id: TaskId(row.try_get("changed")?),
            task: stored.map(|stored| stored.0.task),
        })
    }
}
