//! The trash: tasks that were deleted and may come back.
//!
//! Whoever could write a task sees it in the trash, brings it back and purges it; for everybody else it is gone.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use todo_domain::{Task, TaskId, TaskSnapshot};
use todo_kit::postgres::QueryError;
use uuid::Uuid;

use super::history::remembered;
use super::tasks::{TaskWrite, bind_write, inserted};
use super::write::{Statement, Written, answered};
use super::{Record, Store, json};
use crate::list::Place;

/// How many tasks are purged by one statement.
const BATCH: u64 = 1000;
/// How many days a task stays in the trash before it is purged.
pub(crate) const TRASH_DAYS: i32 = 30;

/// A task in the trash.
#[derive(Debug, Clone)]
pub(crate) struct Trashed {
    /// The task as it was.
    pub(crate) snapshot: TaskSnapshot,
    /// When it was deleted.
    pub(crate) deleted_at: Timestamp,
    /// By whom.
    pub(crate) deleted_by: String,
}

/// A task in the trash, and what became of its surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Returning {
    /// The task as it was.
    pub(crate) snapshot: TaskSnapshot,
    /// Those of the tasks it depended on that are still there.
    pub(crate) known: Vec<TaskId>,
    /// Whether another task stands in its place.
    pub(crate) is_place_taken: bool,
}

/// What the caller `$1` may write, as a condition on `trash`.
macro_rules! writable {
    () => {
        "(trash.project_id is null and trash.owner = $1 or exists (
             select from project_member as member
             where member.project_id = trash.project_id and member.user_id = $1 and member.role <> 'viewer'))"
    };
}

impl Store {
    /// At most `limit` of what the caller may bring back, what was deleted last first, behind the place `after`.
    pub(crate) async fn trash(
        &self,
        caller: &str,
        after: Option<&Place>,
        limit: i64,
    ) -> Result<Vec<Trashed>, QueryError> {
        sqlx::query_as(
            "select trash.* from (
                 select space_of($1, null) as space
                 union all
                 select space_of($1, project_id) from project_member where user_id = $1 and role <> 'viewer'
             ) as own
             cross join lateral (
                 select * from task_trash
                 where task_trash.space = own.space and (deleted_at, task_id) < ($2::timestamptz, $3)
                 order by deleted_at desc, task_id desc limit $4
             ) as trash
             order by deleted_at desc, task_id desc limit $4",
        )
        .bind(caller)
        .bind(after.map_or("infinity", |place| &place.key))
        .bind(after.map_or(Uuid::max(), |place| place.id.0))
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(QueryError::of("list the trash"))
    }

    /// The task in the trash, if the caller may bring it back.
    pub(crate) async fn trashed(&self, caller: &str, id: TaskId) -> Result<Option<Returning>, QueryError> {
        sqlx::query_as(concat!(
            "select snapshot,
                    array(select task.id from jsonb_array_elements_text(snapshot -> 'depends_on') as named (id)
                          join task on task.id = named.id::uuid and task.space = trash.space) as known,
                    exists (select from task
                            where task.space = trash.space and task.position = trash.snapshot ->> 'position') as is_taken
             from task_trash as trash
             where trash.task_id = $2 and ",
            writable!()
        ))
        .bind(caller)
        .bind(id.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(QueryError::of("read a task in the trash"))
    }

    /// Takes a task out of the trash as its next version, if the present one is the version before it, the caller may
    /// write it, and it may refer to what it refers to.
    pub(crate) async fn restore_task(
        &self,
        caller: &str,
        write: TaskWrite<'_>,
        record: Option<Record<'_>>,
    ) -> Result<Written, QueryError> {
        let statement = Statement::new(
            "restore a task",
            concat!(
                "with allowed as (
                     select task_id, space from task_trash as trash
                     where task_id = $8 and version = $9 - 1 and project_id is not distinct from $25 and ",
                writable!(),
                " and not ($34 and exists (
                         select from task_unfit($1, $8, trash.owner, $25, $35, $36, $37, $38)))),
                 guarded as (
                     insert into task_graph as graph (space, version)
                     select space, 1 from allowed where $39
                     on conflict (space) do update set version = graph.version + 1
                     where graph.version = (select seen.version from task_graph as seen where seen.space = graph.space)
                     returning space),
                 gone as (
                     delete from task_trash as trash using allowed
                     where trash.task_id = allowed.task_id and trash.version = $9 - 1
                       and (not $39 or allowed.space in (select space from guarded))
                     returning trash.owner, trash.snapshot ->> 'owner_email' as owner_email),
                 written as (",
                inserted!("owner", "owner_email", "$41", "from gone"),
                "),",
                remembered!("$40"),
                answered!(),
                "insert into outbox (id, topic, partition_key, envelope)
                 select $31, $32, id::text, $33 from written"
            ),
            caller,
            record,
        );
        let statement =
            statement.bind(|query| bind_write(query, write).bind(write.task.created_at.to_sqlx()));
        self.write(statement).await
    }

    /// Purges a task with its history, if the version in the trash is that of `task` and the caller may write it.
    pub(crate) async fn purge_task(
        &self,
        caller: &str,
        task: &Task,
        record: Option<Record<'_>>,
    ) -> Result<Written, QueryError> {
        let statement = Statement::new(
            "purge a task",
            concat!(
                "with written as (
                     delete from task_trash as trash where task_id = $8 and version = $9 and ",
                writable!(),
                " returning task_id),
                 forgotten as (
                     delete from task_history using written where task_history.task_id = written.task_id),",
                answered!(),
                "select from written"
            ),
            caller,
            record,
        );
        let statement = statement.bind(|query| query.bind(task.id.0).bind(task.version));
        self.write(statement).await
    }

    /// Purges what is in the trash for longer than [`TRASH_DAYS`], with its history, and gives how many tasks went. May be cut
    /// short at any time.
    pub async fn purge_trash(&self) -> Result<u64, QueryError> {
        let mut all = 0;
        loop {
            let gone = sqlx::query(
                "with gone as (
                     delete from task_trash where task_id in (
                         select task_id from task_trash where deleted_at < now() - make_interval(days => $2)
                         order by deleted_at limit $1 for update skip locked)
                     returning task_id),
                 forgotten as (delete from task_history using gone where task_history.task_id = gone.task_id)
                 select from gone",
            )
            .bind(BATCH.cast_signed())
            .bind(TRASH_DAYS)
            .execute(&self.pool)
            .await
            .map_err(QueryError::of("purge the trash"))?
            .rows_affected();
            all += gone;
            if gone < BATCH {
                return Ok(all);
            }
        }
    }
}

impl<'r> FromRow<'r, PgRow> for Trashed {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            snapshot: json(row, "snapshot")?,
            deleted_at: row.try_get::<SqlTimestamp, _>("deleted_at")?.to_jiff(),
            deleted_by: row.try_get("deleted_by")?,
        })
    }
}

impl<'r> FromRow<'r, PgRow> for Returning {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let known: Vec<Uuid> = row.try_get("known")?;
        Ok(Self {
            snapshot: json(row, "snapshot")?,
            known: known.into_iter().map(TaskId).collect(),
            is_place_taken: row.try_get("is_taken")?,
        })
    }
}
