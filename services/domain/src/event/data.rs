//! What events carry, by their kind.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{CompletedOccurrence, ReminderId, Task, TaskId};

/// A task as events show it: the public state and the owner's mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskSnapshot {
    /// The public state.
    #[serde(flatten)]
    pub task: Task,
    /// The verified token's `email` when the task was made.
    pub owner_email: Option<String>,
}

/// Data of `task.created`, `task.updated`, `task.completed` and `task.deleted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskChanged {
    /// The whole state after the change (before it, for `task.deleted`), so that no consumer needs an order.
    pub task: TaskSnapshot,
    /// Names of the fields that changed; empty for `task.created` and `task.deleted`.
    pub changed: Vec<String>,
    /// Only for `task.completed` of a recurring task that goes on: what was completed, while `task` shows what is next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurrence: Option<CompletedOccurrence>,
}

/// Data of `task.reminder`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReminderDue {
    /// The task to remember.
    pub task_id: TaskId,
    /// Its owner.
    pub owner: String,
    /// Where to reach the owner, as the task's event said.
    pub owner_email: Option<String>,
    /// The task's title.
    pub title: String,
    /// Which of its reminders.
    pub reminder_id: ReminderId,
    /// When it was due.
    pub at: Timestamp,
    /// How many whole seconds after that it was published.
    pub late_seconds: i64,
}

/// Data of `notification.delivered` and `notification.failed`. Names no address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryReport {
    /// The delivery.
    pub delivery_id: Uuid,
    /// Whose it is.
    pub owner: String,
    /// The task it is about.
    pub task_id: TaskId,
    /// The type of the event that asked for it.
    pub event_type: String,
    /// How it was sent.
    pub channel: String,
    /// Why it was given up; absent when it was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
