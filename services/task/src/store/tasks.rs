//! The statements of tasks.
//!
//! Who may read a task: its owner when it is in no project, and else the project's members. Who may write it: the same,
//! but for viewers.

mod links;
mod list;
mod row;

use jiff_sqlx::ToSqlx;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::types::Json;
use todo_domain::{
    CloudEvent, HistoryEntry, Position, ProjectId, Role, Task, TaskChanged, TaskId, TaskSnapshot, Topic,
};
use todo_kit::postgres::QueryError;
use uuid::Uuid;

pub(crate) use links::{Links, Unfit};
pub use list::DUE;
pub(crate) use list::TaskQuery;
pub(super) use row::Stored;

use super::history::remembered;
use super::write::{Statement, Written, answered};
use super::{Record, Store};

/// The statement that makes a row of a task: its owner, their address and the time it was made, from where.
macro_rules! inserted {
    ($owner:literal, $email:literal, $created_at:literal, $from:literal) => {
        concat!(
            "insert into task (id, owner, owner_email, created_at, title, description, status, priority, due_at,
                               reminders, recurrence, version, updated_at, completed_at, start_at, duration_minutes,
                               all_day, time_zone, labels, percent, project_id, parent_id, depends_on, position,
                               custom_fields, assignee)
             select $8, ",
            $owner,
            ", ",
            $email,
            ", ",
            $created_at,
            ", $10, $11, $12, $13, $14, $15, $16, $9, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30 ",
            $from,
            " returning id"
        )
    };
}
pub(super) use inserted;

/// A task, and what the reader may do with it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The task as events show it.
    pub(crate) snapshot: TaskSnapshot,
    /// The reader's role in its project; `Owner` of a task of one's own.
    pub(crate) role: Role,
}

/// A task that is to be written, with the event that tells of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TaskWrite<'a> {
    /// The new version.
    pub(crate) task: &'a Task,
    /// What it refers to anew.
    pub(crate) links: Option<&'a Links>,
    /// The topic of the event.
    pub(crate) topic: Topic,
    /// The event.
    pub(crate) event: &'a CloudEvent<TaskChanged>,
    /// The step of the history.
    pub(crate) entry: &'a HistoryEntry,
}

impl Store {
    /// Writes a new task of the caller's, if it may refer to what it refers to.
    pub(crate) async fn create_task(
        &self,
        caller: &str,
        owner_email: Option<&str>,
        write: TaskWrite<'_>,
        record: Option<Record<'_>>,
    ) -> Result<Written, QueryError> {
        let statement = Statement::new(
            "create a task",
            concat!(
                "with allowed as (
                     select space_of($1, $25) as space
                     where not ($34 and exists (
                         select from task_unfit($1, $8, $1, $25, $35, $36, $37, $38)))),
                 guarded as (
                     insert into task_graph as graph (space, version)
                     select space, 1 from allowed where $39
                     on conflict (space) do update set version = graph.version + 1
                     where graph.version = (select seen.version from task_graph as seen where seen.space = graph.space)
                     returning space),
                 written as (
                     ",
                inserted!("$1", "$41", "$42", "from allowed where not $39 or space in (select space from guarded)"),
                "),",
                remembered!("$40"),
                answered!(),
                "insert into outbox (id, topic, partition_key, envelope)
                 select $31, $32, id::text, $33 from written"
            ),
            caller,
            record,
        );
        let statement = statement.bind(|query| {
            bind_write(query, write)
                .bind(owner_email)
                .bind(write.task.created_at.to_sqlx())
        });
        self.write(statement).await
    }

    /// The task, if the caller may read it.
    pub(crate) async fn task(&self, caller: &str, id: TaskId) -> Result<Option<Found>, QueryError> {
        sqlx::query_as(
            "select task.*, coalesce(member.role, 'owner') as role
             from task
             left join project_member as member
                 on member.project_id = task.project_id and member.user_id = $1
             where task.id = $2 and (member.role is not null or task.project_id is null and task.owner = $1)",
        )
        .bind(caller)
        .bind(id.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(QueryError::of("read a task"))
    }

    /// Writes the next version of a task, if the present one is the version before it, the caller may write it, and it
    /// may refer to what it refers to anew.
    pub(crate) async fn update_task(
        &self,
        caller: &str,
        write: TaskWrite<'_>,
        record: Option<Record<'_>>,
    ) -> Result<Written, QueryError> {
        let statement = Statement::new(
            "update a task",
            concat!(
                "with allowed as (
                     select task.id, array[task.space, space_of(task.owner, $25)] as spaces
                     from task
                     where task.id = $8 and task.version = $9 - 1
                       and (task.project_id is null and task.owner = $1 or exists (
                           select from project_member as member
                           where member.project_id = task.project_id and member.user_id = $1
                             and member.role <> 'viewer'))
                       and not ($34 and exists (
                           select from task_unfit($1, $8, task.owner, $25, $35, $36, $37, $38)))),
                 guarded as (
                     insert into task_graph as graph (space, version)
                     select distinct space, 1 from allowed, unnest(allowed.spaces) as space where $39 order by space
                     on conflict (space) do update set version = graph.version + 1
                     where graph.version = (select seen.version from task_graph as seen where seen.space = graph.space)
                     returning space),
                 written as (
                     update task set version = $9, title = $10, description = $11, status = $12, priority = $13,
                                     due_at = $14, reminders = $15, recurrence = $16, updated_at = $17,
                                     completed_at = $18, start_at = $19, duration_minutes = $20, all_day = $21,
                                     time_zone = $22, labels = $23, percent = $24, project_id = $25, parent_id = $26,
                                     depends_on = $27, position = $28, custom_fields = $29, assignee = $30
                     from allowed
                     where task.id = allowed.id and task.version = $9 - 1
                       and (not $39 or allowed.spaces <@ array(select space from guarded))
                     returning task.id),",
                remembered!("$40"),
                answered!(),
                "insert into outbox (id, topic, partition_key, envelope)
                 select $31, $32, id::text, $33 from written"
            ),
            caller,
            record,
        );
        self.write(statement.bind(|query| bind_write(query, write))).await
    }

    /// Puts a task into the trash, if the present version is that of `write` and the caller may write it.
    pub(crate) async fn delete_task(
        &self,
        caller: &str,
        write: TaskWrite<'_>,
        record: Option<Record<'_>>,
    ) -> Result<Written, QueryError> {
        let statement = Statement::new(
            "delete a task",
            concat!(
                "with written as (
                     delete from task
                     where id = $8 and version = $9
                       and (project_id is null and owner = $1 or exists (
                           select from project_member as member
                           where member.project_id = task.project_id and member.user_id = $1
                             and member.role <> 'viewer'))
                     returning id, owner, project_id, version),
                 trashed as (
                     insert into task_trash (task_id, owner, project_id, version, snapshot, deleted_at, deleted_by)
                     select id, owner, project_id, version, $12::jsonb #> '{data,task}',
                            ($13::jsonb ->> 'at')::timestamptz, $1
                     from written),",
                remembered!("$13"),
                answered!(),
                "insert into outbox (id, topic, partition_key, envelope)
                 select $10, $11, id::text, $12 from written"
            ),
            caller,
            record,
        );
        let statement = statement.bind(|query| {
            query
                .bind(write.task.id.0)
                .bind(write.task.version)
                .bind(write.event.id.0)
                .bind(write.topic.name())
                .bind(Json(write.event))
                .bind(Json(write.entry))
        });
        self.write(statement).await
    }

    /// Writes the answer of a request that changes nothing, if the present version is that of `task` and the caller may
    /// write it.
    pub(crate) async fn keep_task(
        &self,
        caller: &str,
        task: &Task,
        record: Record<'_>,
    ) -> Result<Written, QueryError> {
        let statement = Statement::new(
            "store an answer",
            concat!(
                "with written as (
                     select id from task
                     where id = $8 and version = $9
                       and (project_id is null and owner = $1 or exists (
                           select from project_member as member
                           where member.project_id = task.project_id and member.user_id = $1
                             and member.role <> 'viewer'))),",
                answered!(),
                "select from written"
            ),
            caller,
            Some(record),
        );
        let statement = statement.bind(|query| query.bind(task.id.0).bind(task.version));
        self.write(statement).await
    }

    /// The positions between which a task comes to stand behind `after`, or before all others; `None` when there is no
    /// such other task in its space, or the caller may not read it.
    pub(crate) async fn gap(
        &self,
        caller: &str,
        id: TaskId,
        after: Option<TaskId>,
    ) -> Result<Option<Gap>, QueryError> {
        let found: Option<(Option<String>, Option<String>)> = sqlx::query_as(
            "select low.position,
                    (select min(other.position) from task as other
                     where other.space = task.space and other.id <> task.id
                       and other.position > coalesce(low.position, ''))
             from task
             left join task as low on low.id = $3 and low.space = task.space and low.id <> task.id
             where task.id = $2 and ($3 is null or low.id is not null)
               and (task.project_id is null and task.owner = $1 or exists (
                   select from project_member as member
                   where member.project_id = task.project_id and member.user_id = $1))",
        )
        .bind(caller)
        .bind(id.0)
        .bind(after.map(|after| after.0))
        .fetch_optional(&self.pool)
        .await
        .map_err(QueryError::of("read a gap between tasks"))?;
        Ok(found.map(|(low, high)| Gap {
            low: low.map(Position::from),
            high: high.map(Position::from),
        }))
    }
}

/// A place among the tasks of a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    /// What stands before it; `None` at the beginning.
    pub(crate) low: Option<Position>,
    /// What stands behind it; `None` at the end.
    pub(crate) high: Option<Position>,
}

/// Binds `$8` to `$40` of the statements that write a task.
pub(super) fn bind_write<'q>(
    query: Query<'q, Postgres, PgArguments>,
    write: TaskWrite<'q>,
) -> Query<'q, Postgres, PgArguments> {
    let TaskWrite {
        task,
        links,
        topic,
        event,
        entry,
    } = write;
    let query = query
        .bind(task.id.0)
        .bind(task.version)
        .bind(&task.title)
        .bind(&task.description)
        .bind(task.status.name())
        .bind(task.priority.name())
        .bind(task.due_at.map(ToSqlx::to_sqlx))
        .bind(Json(&task.reminders))
        .bind(task.recurrence.as_ref().map(Json))
        .bind(task.updated_at.to_sqlx())
        .bind(task.completed_at.map(ToSqlx::to_sqlx))
        .bind(task.start_at.map(ToSqlx::to_sqlx))
        .bind(task.duration_minutes.map(u32::cast_signed))
        .bind(task.all_day)
        .bind(&task.time_zone)
        .bind(&task.labels)
        .bind(i16::from(task.percent))
        .bind(task.project_id.map(|id| id.0))
        .bind(task.parent_id.map(|id| id.0))
        .bind(uuids(&task.depends_on))
        .bind(task.position.as_str())
        .bind(Json(&task.custom_fields))
        .bind(&task.assignee)
        .bind(event.id.0)
        .bind(topic.name())
        .bind(Json(event));
    links::bind(query, links).bind(Json(entry))
}

fn uuids(ids: &[TaskId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}

/// The project as it is bound.
fn project(id: Option<ProjectId>) -> Option<Uuid> {
    id.map(|id| id.0)
}
