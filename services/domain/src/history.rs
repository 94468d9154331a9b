//! What became of a task, step by step.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Task, Topic};

/// The fields that differ, by their names.
pub type FieldChanges = BTreeMap<String, FieldChange>;

/// One field, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldChange {
    /// What it was.
    #[schema(value_type = crate::any::AnyJson)]
    pub before: Value,
    /// What it became.
    #[schema(value_type = crate::any::AnyJson)]
    pub after: Value,
}

/// One step of a task's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// The task's version after it. A deletion has the version that was deleted.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// The `sub` of the token of the user who did it.
    pub actor: String,
    /// What was done.
    pub kind: HistoryKind,
    /// The fields that differ; empty for `created` and `deleted`.
    #[schema(value_type = BTreeMap<String, FieldChange>)]
    pub changed: FieldChanges,
    /// The trace of the request, 32 hexadecimal digits; `null` when it had none.
    pub trace_id: Option<String>,
}

/// What was done with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HistoryKind {
    /// It was made.
    Created,
    /// It was changed otherwise than by being completed.
    Updated,
    /// It became done, or one occurrence of it did.
    Completed,
    /// It went into the trash.
    Deleted,
    /// It came back from the trash.
    Restored,
}

impl HistoryKind {
    /// Every kind, in the order of the declaration.
    pub const ALL: [Self; 5] = [
        Self::Created,
        Self::Updated,
        Self::Completed,
        Self::Deleted,
        Self::Restored,
    ];

    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Completed => "completed",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
        }
    }

    /// What an event of `topic` tells of; `None` for one that tells of no change of a task. What came back from the
    /// trash is told of as updated, so `Restored` follows from no topic.
    pub fn of(topic: Topic) -> Option<Self> {
        match topic {
            Topic::TaskCreated => Some(Self::Created),
            Topic::TaskUpdated => Some(Self::Updated),
            Topic::TaskCompleted => Some(Self::Completed),
            Topic::TaskDeleted => Some(Self::Deleted),
            Topic::TaskReminder
            | Topic::TaskRecurred
            | Topic::NotificationDelivered
            | Topic::NotificationFailed => None,
        }
    }
}

impl fmt::Display for HistoryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no kind of history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a kind of history: created, updated, completed, deleted, restored")]
pub struct UnknownHistoryKind(String);

impl FromStr for HistoryKind {
    type Err = UnknownHistoryKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownHistoryKind(text.to_owned()))
    }
}

impl Task {
    /// The fields in which `after` differs from this: those of [`Task::changed_fields`], with what they were and became.
    pub fn changes(&self, after: &Self) -> FieldChanges {
        let names = self.changed_fields(after);
        if names.is_empty() {
            return FieldChanges::new();
        }
        let (before, after) = (json(self), json(after));
        let change = |name: &str| FieldChange {
            before: before[name].clone(),
            after: after[name].clone(),
        };
        names
            .into_iter()
            .map(|name| (name.to_owned(), change(name)))
            .collect()
    }
}

fn json(task: &Task) -> Value {
    serde_json::to_value(task).expect("a task should be JSON")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Priority, SequentialIds, TaskDraft};

    #[test]
    fn the_names_are_read_as_they_are_written() {
        for kind in HistoryKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(json!(kind), json!(kind.name()));
        }
        assert!("moved".parse::<HistoryKind>().is_err());
    }

    #[test]
    fn every_field_that_differs_is_shown_before_and_after_and_no_other() {
        let draft: TaskDraft = serde_json::from_value(json!({"title": "a", "labels": ["x"]})).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let before = draft.into_task("alice", &SequentialIds::default(), now).unwrap();
        assert_eq!(before.changes(&before), FieldChanges::new());
        let after = Task {
            priority: Priority::High,
            due_at: Some(now),
            labels: Vec::new(),
            version: 2,
            updated_at: now + jiff::SignedDuration::from_secs(1),
            ..before.clone()
        };
        let expected = json!({
            "priority": {"before": "none", "after": "high"},
            "due_at": {"before": null, "after": "1970-01-01T00:00:00Z"},
            "labels": {"before": ["x"], "after": []},
        });
        assert_eq!(json!(before.changes(&after)), expected);
        let names: Vec<_> = before.changes(&after).into_keys().collect();
        let mut fields = before.changed_fields(&after);
        fields.sort_unstable();
        assert_eq!(names, fields);
    }
}
