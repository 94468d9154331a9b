//! Reminders: when somebody wants to be told of a task.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ReminderId;

/// One instant at which the owner of a task is reminded of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reminder {
    /// Kept when a patch repeats the same instant, and when a recurring task moves on; new otherwise.
    pub id: ReminderId,
    /// When, in whole milliseconds.
    pub at: Timestamp,
}

/// A reminder that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReminderDraft {
    /// When; must lie in the future. Cut to milliseconds.
    pub at: Timestamp,
}
