use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::Row;
use sqlx::postgres::PgRow;
use todo_domain::TaskId;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Store, StoreError, failed_to};

/// A delivery as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListedDelivery {
    /// Its id.
    pub id: Uuid,
    /// The type of the event that asked for it: `com.todo.task.created.v1`.
    pub event_type: String,
    /// The task it is about.
    pub task_id: TaskId,
    /// How it is sent: `email`.
    pub channel: String,
    /// `pending`, `sent`, `failed` or `skipped`.
    pub state: String,
    /// How often sending was tried.
    pub attempts: i32,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it was sent, if it was.
    pub sent_at: Option<Timestamp>,
}

/// Where a page of the list ends: the last delivery on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// When it was planned.
    pub created_at: Timestamp,
    /// Its id.
    pub id: Uuid,
}

/// One page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The newest first.
    pub items: Vec<ListedDelivery>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<Position>,
}

impl Store {
    /// At most `limit` deliveries of `owner`, the newest first, from behind `after` on.
    pub async fn list(&self, owner: &str, limit: usize, after: Option<Position>) -> Result<Page, StoreError> {
        let rows = sqlx::query(
            "select id, topic, task_id, channel, state, attempts, created_at, sent_at
             from delivery
             where owner = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3))
             order by created_at desc, id desc limit $4",
        )
        .bind(owner)
        .bind(after.map(|position| position.created_at.to_sqlx()))
        .bind(after.map(|position| position.id))
        // One more than asked for tells whether there is a next page.
        .bind(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
        .try_map(|row| listed(&row))
        .fetch_all(&self.pool)
        .await;
        rows.map(|rows| page(rows, limit))
            .map_err(failed_to("list deliveries"))
    }
}

fn page(mut items: Vec<ListedDelivery>, limit: usize) -> Page {
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| has_more).map(|last| Position {
        created_at: last.created_at,
        id: last.id,
    });
    Page { items, next }
}

fn listed(row: &PgRow) -> Result<ListedDelivery, sqlx::Error> {
    let topic: String = row.try_get("topic")?;
    Ok(ListedDelivery {
        id: row.try_get("id")?,
        event_type: format!("com.todo.{topic}.v1"),
        task_id: TaskId(row.try_get("task_id")?),
        channel: row.try_get("channel")?,
        state: row.try_get("state")?,
        attempts: row.try_get("attempts")?,
        created_at: row.try_get::<jiff_sqlx::Timestamp, _>("created_at")?.to_jiff(),
        sent_at: row
            .try_get::<Option<jiff_sqlx::Timestamp>, _>("sent_at")?
            .map(Into::into),
    })
}
