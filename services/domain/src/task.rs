//! A task.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    CustomFields, IllegalTransition, Position, ProjectId, Recurrence, Reminder, Status, TaskId, Violation,
};

/// One thing to do, as the HTTP API and the events show it.
///
/// Members that came later have a default, so that an event of before is still read.
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
    /// When work on it begins; not after `due_at`.
    #[serde(default)]
    pub start_at: Option<Timestamp>,
    /// How long it takes, 1 to 527040 minutes.
    #[serde(default)]
    pub duration_minutes: Option<u32>,
    /// Due at no time of the day but on the whole day of `due_at` in `time_zone`; only with both.
    #[serde(default)]
    pub all_day: bool,
    /// An IANA name: the zone on whose clocks `start_at` and `due_at` are meant.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// As they were given, none twice, at most 50.
    #[serde(default)]
    pub labels: Vec<String>,
    /// How much of it is done, 0 to 100. Follows from nothing, and nothing follows from it.
    #[serde(default)]
    pub percent: u8,
    /// The project whose members share it; `None` for a task of its owner alone.
    #[serde(default)]
    pub project_id: Option<ProjectId>,
    /// The task of the same space that it is a part of; at most 8 are above each other.
    #[serde(default)]
    pub parent_id: Option<TaskId>,
    /// What has to be done before, at most 50 and none twice. One that was deleted may still be named.
    #[serde(default)]
    pub depends_on: Vec<TaskId>,
    /// Where it stands in its space.
    #[serde(default)]
    pub position: Position,
    /// What the platform does not know: at most 16 KiB, 100 members, 4 deep.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, crate::any::AnyJson>)]
    pub custom_fields: CustomFields,
    /// Who is to do it: a member of the project, or the owner.
    #[serde(default)]
    pub assignee: Option<String>,
    /// The `sub` of the token of the user who made it.
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
        let start_at = recurrence.move_instant(self.start_at, due_at, next_due);
        Ok(Completed {
            task: Box::new(Self {
                status: Status::Open,
                due_at: Some(next_due),
                reminders: reminders.map_err(unreadable)?,
                start_at: start_at.map_err(unreadable)?,
                percent: 0,
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
            ("start_at", self.start_at != after.start_at),
            (
                "duration_minutes",
                self.duration_minutes != after.duration_minutes,
            ),
            ("all_day", self.all_day != after.all_day),
            ("time_zone", self.time_zone != after.time_zone),
            ("labels", self.labels != after.labels),
            ("percent", self.percent != after.percent),
            ("project_id", self.project_id != after.project_id),
            ("parent_id", self.parent_id != after.parent_id),
            ("depends_on", self.depends_on != after.depends_on),
            ("position", self.position != after.position),
            ("custom_fields", self.custom_fields != after.custom_fields),
            ("assignee", self.assignee != after.assignee),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }

    /// The next version with another position, at `now`; `None` when it stands there already.
    pub fn moved(&self, position: Position, now: Timestamp) -> Option<Self> {
        (position != self.position).then(|| Self {
            position,
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
            "reminders": [{"at": "2026-11-02T07:00:00Z"}], "start_at": "2026-11-01T08:00:00Z", "percent": 40,
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
            start_at: Some(at("2026-11-08T08:00:00Z")),
            percent: 0,
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
        let expected = [
            "status",
            "due_at",
            "reminders",
            "recurrence",
            "start_at",
            "percent",
        ];
        assert_eq!(changed, expected);
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
