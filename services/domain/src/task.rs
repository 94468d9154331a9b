//! A task.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{IllegalTransition, Reminder, Status, TaskId};

/// One thing to do, as the HTTP API and the events show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Given by the task service.
    pub id: TaskId,
    /// 1 to 500 characters, without control characters and surrounding white space.
    pub title: String,
    /// At most 64 KiB.
    pub description: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// How much it matters.
    pub priority: Priority,
    /// When it should be done.
    pub due_at: Option<Timestamp>,
    /// In order of time, no instant twice, at most 32.
    pub reminders: Vec<Reminder>,
    /// The `sub` of the user's token.
    pub owner: String,
    /// 1 at creation, one more with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it became done; `None` in every other status.
    pub completed_at: Option<Timestamp>,
}

impl Task {
    /// This task after it became done at `now`: the next version.
    pub fn completed(&self, now: Timestamp) -> Result<Self, IllegalTransition> {
        let status = self.status.transition(Status::Done)?;
        Ok(Self {
            status,
            completed_at: Some(now),
            ..self.next_version(now)
        })
    }

    /// A copy with the next version number, changed at `now`.
    pub(crate) fn next_version(&self, now: Timestamp) -> Self {
        Self {
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        }
    }
}

/// How much a task matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Nobody said.
    #[default]
    None,
    /// Can wait.
    Low,
    /// As usual.
    Medium,
    /// Before the others.
    High,
    /// Now.
    Urgent,
}

impl Priority {
    /// Every priority, from the least to the most.
    pub const ALL: [Self; 5] = [Self::None, Self::Low, Self::Medium, Self::High, Self::Urgent];

    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no priority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a priority: none, low, medium, high, urgent")]
pub struct UnknownPriority(String);

impl FromStr for Priority {
    type Err = UnknownPriority;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|p| p.name() == text)
            .ok_or_else(|| UnknownPriority(text.to_owned()))
    }
}
