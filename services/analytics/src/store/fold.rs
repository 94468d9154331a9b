use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, Row};
use todo_domain::{CloudEvent, TaskChanged, TaskId};
use todo_kit::inbox::is_first_time;
use todo_kit::postgres;

use super::{Folded, Store, StoreError, failed_to};
use crate::fold::{TaskCounts, TaskState, changes};

/// Who we are in the inbox.
const CONSUMER: &str = "analytics";

/// Things that are counted by the event and not by the state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// A reminder was published.
    Reminder,
    /// A message was sent.
    NotificationDelivered,
    /// A message was given up.
    NotificationFailed,
}

impl Store {
    /// Folds the state that an event tells of a task into the counts.
    pub async fn fold_task(
        &self,
        event: &CloudEvent<TaskChanged>,
        told: &TaskState,
    ) -> Result<Folded, StoreError> {
        self.fold_task_in_transaction(event, told)
            .await
            .map_err(failed_to("count a task event"))
    }

    /// Counts something that happened to `owner` on `day`, as `event` tells.
    pub async fn fold_happening<T: Sync>(
        &self,
        event: &CloudEvent<T>,
        owner: &str,
        day: Date,
        happening: Happening,
    ) -> Result<Folded, StoreError> {
        self.fold_happening_in_transaction(event, owner, day, happening)
            .await
            .map_err(failed_to("count an event"))
    }

    async fn fold_task_in_transaction(
        &self,
        event: &CloudEvent<TaskChanged>,
        told: &TaskState,
    ) -> Result<Folded, sqlx::Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        if !is_first_time(&mut transaction, CONSUMER, event).await? {
            return Ok(Folded::Stale);
        }
        let task = event.data.task.task.id;
        let known = lock(&mut transaction, task, told).await?;
        let is_stale = known.as_ref().is_some_and(|known| !told.is_newer_than(known));
        if !is_stale {
            replace(&mut transaction, task, told).await?;
        }
        let occurrence = event.data.occurrence;
        for (day, delta) in changes(known.as_ref(), told, occurrence) {
            add(&mut transaction, &told.owner, day, delta).await?;
        }
        transaction.commit().await?;
        let is_counted = !is_stale || occurrence.is_some();
        Ok(if is_counted {
            Folded::Counted
        } else {
            Folded::Stale
        })
    }

    async fn fold_happening_in_transaction<T: Sync>(
        &self,
        event: &CloudEvent<T>,
        owner: &str,
        day: Date,
        happening: Happening,
    ) -> Result<Folded, sqlx::Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        if !is_first_time(&mut transaction, CONSUMER, event).await? {
            return Ok(Folded::Stale);
        }
        let counted = |column| i64::from(happening == column);
        sqlx::query(
            "insert into daily_user as d (owner, day, reminders, notifications_delivered, notifications_failed)
             values ($1, $2, $3, $4, $5)
             on conflict (owner, day) do update set
                 reminders = d.reminders + excluded.reminders,
                 notifications_delivered = d.notifications_delivered + excluded.notifications_delivered,
                 notifications_failed = d.notifications_failed + excluded.notifications_failed",
        )
        .bind(owner)
        .bind(day.to_sqlx())
        .bind(counted(Happening::Reminder))
        .bind(counted(Happening::NotificationDelivered))
        .bind(counted(Happening::NotificationFailed))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Folded::Counted)
    }
}

/// What is known of a task, locked until the end of the transaction; a task that nobody told of is locked too.
async fn lock(
    connection: &mut PgConnection,
    task: TaskId,
    told: &TaskState,
) -> Result<Option<TaskState>, sqlx::Error> {
    sqlx::query(
        "insert into task_state (task_id, owner, version, created_on) values ($1, $2, 0, $3) on conflict do nothing",
    )
    .bind(task.0)
    .bind(&told.owner)
    .bind(told.created_on.to_sqlx())
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query(
        "select owner, version, created_on, completed_on, deleted_on from task_state where task_id = $1 for update",
    )
    .bind(task.0)
    .fetch_one(connection)
    .await?;
    let day = |column| {
        row.try_get::<Option<jiff_sqlx::Date>, _>(column)
            .map(|day| day.map(Into::into))
    };
    let known = TaskState {
        owner: row.try_get("owner")?,
        version: row.try_get("version")?,
        created_on: row.try_get::<jiff_sqlx::Date, _>("created_on")?.to_jiff(),
        completed_on: day("completed_on")?,
        deleted_on: day("deleted_on")?,
    };
    Ok((known.version > 0).then_some(known))
}

async fn replace(connection: &mut PgConnection, task: TaskId, told: &TaskState) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update task_state set version = $2, created_on = $3, completed_on = $4, deleted_on = $5 where task_id = $1",
    )
    .bind(task.0)
    .bind(told.version)
    .bind(told.created_on.to_sqlx())
    .bind(told.completed_on.map(ToSqlx::to_sqlx))
    .bind(told.deleted_on.map(ToSqlx::to_sqlx))
    .execute(connection)
    .await
    .map(drop)
}

async fn add(
    connection: &mut PgConnection,
    owner: &str,
    day: Date,
    delta: TaskCounts,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into daily_user as d (owner, day, created, completed, deleted) values ($1, $2, $3, $4, $5)
         on conflict (owner, day) do update set
             created = d.created + excluded.created,
             completed = d.completed + excluded.completed,
             deleted = d.deleted + excluded.deleted",
    )
    .bind(owner)
    .bind(day.to_sqlx())
    .bind(delta.created)
    .bind(delta.completed)
    .bind(delta.deleted)
    .execute(connection)
    .await
    .map(drop)
}
