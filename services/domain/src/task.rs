//! A task.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{IllegalTransition, Recurrence, Reminder, Status, TaskId, Violation};

/// One thing to do, as the HTTP API and the events show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// When it should be done; for a recurring task, its present occurrence.
    pub due_at: Option<Timestamp>,
    /// In order of time, no instant twice, at most 32.
    pub reminders: Vec<Reminder>,
    /// How it comes again; only with `due_at`.
    pub recurrence: Option<Recurrence>,
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
    /// This task after it was completed at `now`: done, or open again and due at its next occurrence.
    pub fn completed(&self, now: Timestamp) -> Result<Completed, CompleteError> {
        let status = self.status.transition(Status::Done)?;
        let next = self.next_version(now);
        let Some((due_at, recurrence)) = self.due_at.zip(self.recurrence.as_ref()) else {
            return Ok(next.done(status, now));
        };
        let unreadable = |violations| CompleteError::Unreadable { violations };
        let next = Self {
            recurrence: Some(recurrence.counted()),
            ..next
        };
        let Some(next_due) = recurrence.next_due(due_at, now).map_err(unreadable)? else {
            return Ok(next.done(status, now));
        };
        let reminders = recurrence.move_reminders(&self.reminders, due_at, next_due);
        Ok(Completed {
            task: Box::new(Self {
                status: Status::Open,
                due_at: Some(next_due),
                reminders: reminders.map_err(unreadable)?,
                ..next
            }),
            occurrence: Some(CompletedOccurrence {
                due_at,
                completed_at: now,
            }),
        })
    }

    fn done(self, status: Status, now: Timestamp) -> Completed {
        Completed {
            task: Box::new(Self {
                status,
                completed_at: Some(now),
                ..self
            }),
            occurrence: None,
        }
    }

    /// Names of the fields in which `after` differs from this, in the order of the declaration. Those that the service
    /// keeps by itself are not among them.
    pub fn changed_fields(&self, after: &Self) -> Vec<&'static str> {
        [
            ("title", self.title != after.title),
            ("description", self.description != after.description),
            ("status", self.status != after.status),
            ("priority", self.priority != after.priority),
            ("due_at", self.due_at != after.due_at),
            ("reminders", self.reminders != after.reminders),
            ("recurrence", self.recurrence != after.recurrence),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
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

/// What completing a task came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// The next version of the task: done, or open again with its next occurrence.
    pub task: Box<Task>,
    /// What was completed, when the task goes on; `None` when it is done.
    pub occurrence: Option<CompletedOccurrence>,
}

/// One occurrence of a recurring task that was completed while the task goes on with the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompletedOccurrence {
    /// When it was due.
    pub due_at: Timestamp,
    /// When it was completed.
    pub completed_at: Timestamp,
}

/// Why a task was not completed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompleteError {
    /// It is done or cancelled already.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The stored recurrence breaks rules of this version.
    #[error("the stored recurrence breaks {} rules", violations.len())]
    Unreadable {
        /// Each of them; never empty.
        violations: Vec<Violation>,
    },
}

/// How much a task matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, ToSchema,
)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SequentialIds, TaskDraft};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Due on 2 November 2026 at 09:00 in Berlin, with a reminder at 08:00.
    fn task(rrule: &str) -> Task {
        let draft: TaskDraft = serde_json::from_value(serde_json::json!({
            "title": "Water the plants", "due_at": "2026-11-02T08:00:00Z",
            "reminders": [{"at": "2026-11-02T07:00:00Z"}],
            "recurrence": {"rrule": rrule, "time_zone": "Europe/Berlin"},
        }))
        .unwrap();
        let now = at("2026-11-01T12:00:00Z");
        draft.into_task("alice", &SequentialIds::default(), now).unwrap()
    }

    #[test]
    fn a_recurring_task_is_open_again_with_its_next_occurrence() {
        let before = Task {
            status: Status::InProgress,
            ..task("FREQ=WEEKLY")
        };
        let now = at("2026-11-02T10:00:00Z");
        let completed = before.completed(now).unwrap();
        let expected = Task {
            status: Status::Open,
            due_at: Some(at("2026-11-09T08:00:00Z")),
            reminders: vec![Reminder {
                id: before.reminders[0].id,
                at: at("2026-11-09T07:00:00Z"),
            }],
            recurrence: before.recurrence.as_ref().map(Recurrence::counted),
            version: 2,
            updated_at: now,
            ..before.clone()
        };
        assert_eq!(*completed.task, expected);
        let occurrence = CompletedOccurrence {
            due_at: at("2026-11-02T08:00:00Z"),
            completed_at: now,
        };
        assert_eq!(completed.occurrence, Some(occurrence));
        let changed = before.changed_fields(&completed.task);
        assert_eq!(changed, ["status", "due_at", "reminders", "recurrence"]);
    }

    #[test]
    fn the_last_occurrence_makes_it_done() {
        let before = task("FREQ=DAILY;COUNT=2");
        let first = before.completed(at("2026-11-02T10:00:00Z")).unwrap().task;
        let now = at("2026-11-03T10:00:00Z");
        let last = first.completed(now).unwrap();
        let expected = Task {
            status: Status::Done,
            recurrence: first.recurrence.as_ref().map(Recurrence::counted),
            version: 3,
            updated_at: now,
            completed_at: Some(now),
            ..*first
        };
        assert_eq!((*last.task, last.occurrence), (expected, None));
    }

    #[test]
    fn a_closed_task_does_not_go_on() {
        let cancelled = Task {
            status: Status::Cancelled,
            ..task("FREQ=DAILY")
        };
        let error = cancelled.completed(at("2026-11-02T10:00:00Z")).unwrap_err();
        assert!(matches!(error, CompleteError::Illegal(_)), "{error}");
    }

    #[test]
    fn a_recurrence_that_is_not_understood_is_an_error_and_no_end() {
        let mut task = task("FREQ=DAILY");
        task.recurrence.as_mut().unwrap().rrule = "FREQ=SECONDLY".to_owned();
        let CompleteError::Unreadable { violations } =
            task.completed(at("2026-11-02T10:00:00Z")).unwrap_err()
        else {
            panic!("violations expected")
        };
        assert_eq!(violations[0].pointer, "/recurrence/rrule");
    }
}
