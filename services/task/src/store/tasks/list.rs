//! Lists of tasks. Each is read from one space in the order of an index, from where the page before it ended.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use todo_domain::{ProjectId, Status, Task, TaskId};
use todo_kit::postgres::QueryError;
use uuid::Uuid;

use super::project;
use super::row::Stored;
use crate::list::{Place, Sort};
use crate::store::Store;

/// What a list is to hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskQuery {
    /// The space: a project, or what the caller has alone.
    pub(crate) project: Option<ProjectId>,
    /// One of these; any when empty.
    pub(crate) statuses: Vec<Status>,
    /// With this label.
    pub(crate) label: Option<String>,
    /// Parts of this task.
    pub(crate) parent: Option<TaskId>,
    /// Due at or after it.
    pub(crate) due_after: Option<Timestamp>,
    /// Due before it.
    pub(crate) due_before: Option<Timestamp>,
    /// The order.
    pub(crate) sort: Sort,
}

/// The statement of a list in one order, all of which have the same parameters.
macro_rules! list {
    ($keyset:literal) => {
        concat!(
            "select * from task
             where space = space_of($1, $2)
               and ($2 is null or exists (select from project_member where project_id = $2 and user_id = $1))
               and (cardinality($3::text[]) = 0 or status = any($3))
               and ($4::text is null or labels @> array[$4])
               and ($5::uuid is null or parent_id = $5)
               and ($6::timestamptz is null or due_at >= $6)
               and ($7::timestamptz is null or due_at < $7) ",
            $keyset,
            " limit $10"
        )
    };
}

const BY_CREATION: &str = list!("and ($8::text is null or true) and id < $9 order by id desc");
const BY_DUE: &str = list!(
    "and (coalesce(due_at, 'infinity'::timestamptz), id) > ($8::timestamptz, $9)
     order by coalesce(due_at, 'infinity'::timestamptz), id"
);
const BY_POSITION: &str = list!("and position > $8 and ($9::uuid is null or true) order by position");

impl Store {
    /// At most `limit` of the tasks in `query` that the caller may read, behind the place `after`.
    pub(crate) async fn tasks(
        &self,
        caller: &str,
        query: &TaskQuery,
        after: Option<&Place>,
        limit: i64,
    ) -> Result<Vec<Task>, QueryError> {
        let (statement, first) = match query.sort {
            Sort::Created => (BY_CREATION, ("", Uuid::max())),
            Sort::Due => (BY_DUE, ("-infinity", Uuid::nil())),
            Sort::Position => (BY_POSITION, ("", Uuid::nil())),
        };
        let statuses: Vec<_> = query.statuses.iter().map(|status| status.name()).collect();
        let found: Vec<Stored> = sqlx::query_as(statement)
            .bind(caller)
            .bind(project(query.project))
            .bind(statuses)
            .bind(&query.label)
            .bind(query.parent.map(|id| id.0))
            .bind(query.due_after.map(ToSqlx::to_sqlx))
            .bind(query.due_before.map(ToSqlx::to_sqlx))
            .bind(after.map_or(first.0, |place| &place.key))
            .bind(after.map_or(first.1, |place| place.id.0))
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(QueryError::of("list tasks"))?;
        Ok(found.into_iter().map(|stored| stored.0.task).collect())
    }

    /// At most `limit` tasks that are still to be done and due in a span, the first of them first, behind `after`.
    pub(crate) async fn due_tasks(
        &self,
        caller: &str,
        space: Option<ProjectId>,
        (from, to): (Timestamp, Timestamp),
        after: Option<&Place>,
        limit: i64,
    ) -> Result<Vec<Task>, QueryError> {
        let found: Vec<Stored> = sqlx::query_as(DUE)
            .bind(caller)
            .bind(project(space))
            .bind(from.to_sqlx())
            .bind(to.to_sqlx())
            .bind(after.map_or("-infinity", |place| &place.key))
            .bind(after.map_or(Uuid::nil(), |place| place.id.0))
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(QueryError::of("list due tasks"))?;
        Ok(found.into_iter().map(|stored| stored.0.task).collect())
    }
}

/// What is due; public, so that a test sees how PostgreSQL carries it out.
pub const DUE: &str = "select * from task
     where space = space_of($1, $2)
       and ($2 is null or exists (select from project_member where project_id = $2 and user_id = $1))
       and due_at >= $3 and due_at < $4 and status in ('open', 'in_progress', 'waiting')
       and (due_at, id) > ($5::timestamptz, $6)
     order by due_at, id limit $7";
