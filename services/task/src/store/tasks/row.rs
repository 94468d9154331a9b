//! A row as a task.

use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use todo_domain::{Position, ProjectId, Task, TaskId, TaskSnapshot};
use uuid::Uuid;

use super::Found;
use crate::store::{json, named, unreadable};

/// What one row of the table is.
pub(in crate::store) struct Stored(pub(in crate::store) TaskSnapshot);

impl<'r> FromRow<'r, PgRow> for Stored {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let instant = |name: &str| row.try_get::<SqlTimestamp, _>(name).map(SqlTimestamp::to_jiff);
        let optional = |name: &str| {
            row.try_get::<Option<SqlTimestamp>, _>(name)
                .map(|instant| instant.map(SqlTimestamp::to_jiff))
        };
        let minutes = row
            .try_get::<Option<i32>, _>("duration_minutes")?
            .map(u32::try_from);
        let percent = u8::try_from(row.try_get::<i16, _>("percent")?);
        let depends_on: Vec<Uuid> = row.try_get("depends_on")?;
        let task = Task {
            id: TaskId(row.try_get("id")?),
            title: row.try_get("title")?,
            description: row.try_get("description")?,
            status: named(row, "status")?,
            priority: named(row, "priority")?,
            due_at: optional("due_at")?,
            reminders: json(row, "reminders")?,
            recurrence: row
                .try_get::<Option<sqlx::types::Json<_>>, _>("recurrence")?
                .map(|json| json.0),
            start_at: optional("start_at")?,
            duration_minutes: minutes.transpose().map_err(unreadable("duration_minutes"))?,
            all_day: row.try_get("all_day")?,
            time_zone: row.try_get("time_zone")?,
            labels: row.try_get("labels")?,
            percent: percent.map_err(unreadable("percent"))?,
            project_id: row.try_get::<Option<Uuid>, _>("project_id")?.map(ProjectId),
            parent_id: row.try_get::<Option<Uuid>, _>("parent_id")?.map(TaskId),
            depends_on: depends_on.into_iter().map(TaskId).collect(),
            position: Position::from(row.try_get::<String, _>("position")?),
            custom_fields: json(row, "custom_fields")?,
            assignee: row.try_get("assignee")?,
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

impl<'r> FromRow<'r, PgRow> for Found {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            snapshot: Stored::from_row(row)?.0,
            role: named(row, "role")?,
        })
    }
}
