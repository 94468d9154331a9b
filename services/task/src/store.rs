//! The tasks in PostgreSQL: all SQL of this service.
//!
//! Every statement asks for the owner, so that nobody reads or writes another's task, and every write is one statement
//! that also writes the event and, for a request with a key, its answer ([`idempotency`]).

pub(crate) mod idempotency;

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgPool, Row};
use todo_domain::{CloudEvent, Status, Task, TaskChanged, TaskId, TaskSnapshot, Topic};
use todo_kit::postgres::QueryError;

pub use idempotency::{Earlier, Record};

/// What became of a write. All but `Yes` have written nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All of it is written.
    Yes,
    /// The task has another version by now, or is gone.
    VersionGone,
    /// An answer is stored under the same key.
    KeyTaken,
    /// The key or the task was locked by another request for too long. Never without a key.
    Blocked,
}

/// The tasks of all owners.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

/// What one row of the table is.
struct Stored(TaskSnapshot);

impl Store {
    /// The tasks in the schema that the pool's connections work in.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Writes a new task and `event`, which tells of it.
    pub async fn create(
        &self,
        snapshot: &TaskSnapshot,
        event: &CloudEvent<TaskChanged>,
        record: Option<Record<'_>>,
    ) -> Result<Written, QueryError> {
        let TaskSnapshot { task, owner_email } = snapshot;
        let statement = sqlx::query(
            "with written as (
                 insert into task (id, owner, owner_email, title, description, status, priority, due_at, reminders,
                                   recurrence, version, created_at, updated_at, completed_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                 returning id, owner),
             answered as (
                 insert into idempotency (owner, key, fingerprint, status, etag, location, body)
                 select owner, $18, $19, $20, $21, $22, $23 from written where $18 is not null)
             insert into outbox (id, topic, partition_key, envelope)
             select $15, $16, id::text, $17 from written",
        )
        .bind(task.id.0)
        .bind(&task.owner)
        .bind(owner_email)
        .bind(&task.title)
        .bind(&task.description)
        .bind(task.status.name())
        .bind(task.priority.name())
        .bind(task.due_at.map(ToSqlx::to_sqlx))
        .bind(Json(&task.reminders))
        .bind(task.recurrence.as_ref().map(Json))
        .bind(task.version)
        .bind(task.created_at.to_sqlx())
        .bind(task.updated_at.to_sqlx())
        .bind(task.completed_at.map(ToSqlx::to_sqlx))
        .bind(event.id.0)
        .bind(Topic::TaskCreated.name())
        .bind(Json(event));
        self.write(statement, record, "create a task").await
    }

    /// The task of that owner, when there is one.
    pub async fn get(&self, owner: &str, id: TaskId) -> Result<Option<TaskSnapshot>, QueryError> {
        let found: Option<Stored> = sqlx::query_as("select * from task where id = $1 and owner = $2")
            .bind(id.0)
            .bind(owner)
            .fetch_optional(&self.pool)
            .await
            .map_err(QueryError::of("read a task"))?;
        Ok(found.map(|stored| stored.0))
    }

    /// At most `limit` tasks of that owner, newest first, made before the task `before`.
    pub async fn list(
        &self,
        owner: &str,
        status: Option<Status>,
        before: Option<TaskId>,
        limit: i64,
    ) -> Result<Vec<Task>, QueryError> {
        let found: Vec<Stored> = sqlx::query_as(
            "select * from task
             where owner = $1 and ($2::text is null or status = $2) and ($3::uuid is null or id < $3)
             order by id desc limit $4",
        )
        .bind(owner)
        .bind(status.map(Status::name))
        .bind(before.map(|id| id.0))
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(QueryError::of("list tasks"))?;
        Ok(found.into_iter().map(|stored| stored.0.task).collect())
    }

    /// Writes the next version of a task and `event`, if the present one is the version before it.
    pub async fn update(
        &self,
        task: &Task,
        topic: Topic,
        event: &CloudEvent<TaskChanged>,
        record: Option<Record<'_>>,
    ) -> Result<Written, QueryError> {
        let statement = sqlx::query(
            "with written as (
                 update task set title = $3, description = $4, status = $5, priority = $6, due_at = $7, reminders = $8,
                                 recurrence = $9, version = $10, updated_at = $11, completed_at = $12
                 where id = $1 and owner = $2 and version = $10 - 1
                 returning id, owner),
             answered as (
                 insert into idempotency (owner, key, fingerprint, status, etag, location, body)
                 select owner, $16, $17, $18, $19, $20, $21 from written where $16 is not null)
             insert into outbox (id, topic, partition_key, envelope)
             select $13, $14, id::text, $15 from written",
        )
        .bind(task.id.0)
        .bind(&task.owner)
        .bind(&task.title)
        .bind(&task.description)
        .bind(task.status.name())
        .bind(task.priority.name())
        .bind(task.due_at.map(ToSqlx::to_sqlx))
        .bind(Json(&task.reminders))
        .bind(task.recurrence.as_ref().map(Json))
        .bind(task.version)
        .bind(task.updated_at.to_sqlx())
        .bind(task.completed_at.map(ToSqlx::to_sqlx))
        .bind(event.id.0)
        .bind(topic.name())
        .bind(Json(event));
        self.write(statement, record, "update a task").await
    }

    /// Deletes a task and writes `event`, if the present version is that of `task`.
    pub async fn delete(
        &self,
        task: &Task,
        event: &CloudEvent<TaskChanged>,
        record: Option<Record<'_>>,
    ) -> Result<Written, QueryError> {
        let statement = sqlx::query(
            "with written as (delete from task where id = $1 and owner = $2 and version = $3 returning id, owner),
             answered as (
                 insert into idempotency (owner, key, fingerprint, status, etag, location, body)
                 select owner, $7, $8, $9, $10, $11, $12 from written where $7 is not null)
             insert into outbox (id, topic, partition_key, envelope)
             select $4, $5, id::text, $6 from written",
        )
        .bind(task.id.0)
        .bind(&task.owner)
        .bind(task.version)
        .bind(event.id.0)
        .bind(Topic::TaskDeleted.name())
        .bind(Json(event));
        self.write(statement, record, "delete a task").await
    }
}

impl Written {
    /// By how many rows the statement has written: one, or none because there was no task of that version.
    fn of(rows: u64) -> Self {
        if rows == 0 { Self::VersionGone } else { Self::Yes }
    }
}

impl<'r> FromRow<'r, PgRow> for Stored {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let instant = |name: &str| row.try_get::<SqlTimestamp, _>(name).map(SqlTimestamp::to_jiff);
        let optional = |name: &str| {
            row.try_get::<Option<SqlTimestamp>, _>(name)
                .map(|instant| instant.map(SqlTimestamp::to_jiff))
        };
        let task = Task {
            id: TaskId(row.try_get("id")?),
            title: row.try_get("title")?,
            description: row.try_get("description")?,
            status: named(row, "status")?,
            priority: named(row, "priority")?,
            due_at: optional("due_at")?,
            reminders: row.try_get::<Json<_>, _>("reminders")?.0,
            recurrence: row
                .try_get::<Option<Json<_>>, _>("recurrence")?
                .map(|json| json.0),
            owner: row.try_get("owner")?,
            version: row.try_get("version")?,
            created_at: instant("created_at")?,
            updated_at: instant("updated_at")?,
            completed_at: optional("completed_at")?,
        };
        Ok(Self(TaskSnapshot {
            task,
            owner_email: row.try_get("owner_email")?,
        }))
    }
}

/// A column that holds the name of something.
fn named<T>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|error| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(error),
    })
}
