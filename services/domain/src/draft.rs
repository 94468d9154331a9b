//! What makes a task, and the rules that it obeys.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fields::{self, to_millisecond};
use crate::{
    CustomFields, IdSource, Position, Priority, ProjectId, RecurrenceDraft, Reminder, ReminderDraft,
    ReminderId, Status, Task, TaskId, Violation, custom_fields,
};

/// Longest title, in characters.
pub const TITLE_MAX_CHARS: usize = 500;
/// Longest description, in bytes of UTF-8.
pub const DESCRIPTION_MAX_BYTES: usize = 64 * 1024;
/// Most reminders of one task.
pub const REMINDERS_MAX: usize = 32;

/// A task that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskDraft {
    /// 1 to 500 characters; surrounding white space is cut off.
    pub title: String,
    /// At most 64 KiB.
    #[serde(default)]
    pub description: Option<String>,
    /// `none` by default.
    #[serde(default)]
    pub priority: Priority,
    /// May lie in the past: work can be late.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    /// At most 32, each in the future.
    #[serde(default)]
    pub reminders: Vec<ReminderDraft>,
    /// Makes the task come again; needs `due_at`.
    #[serde(default)]
    pub recurrence: Option<RecurrenceDraft>,
    /// Not after `due_at`.
    #[serde(default)]
    pub start_at: Option<Timestamp>,
    /// 1 to 527040.
    #[serde(default)]
    pub duration_minutes: Option<u32>,
    /// `true` needs `due_at` and `time_zone`.
    #[serde(default)]
    pub all_day: bool,
    /// An IANA name.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// At most 50 of at most 100 characters; one that comes again is left out.
    #[serde(default)]
    pub labels: Vec<String>,
    /// 0 to 100.
    #[serde(default)]
    pub percent: u8,
    /// A project in which the maker may write.
    #[serde(default)]
    pub project_id: Option<ProjectId>,
    /// A task of the same space.
    #[serde(default)]
    pub parent_id: Option<TaskId>,
    /// At most 50 tasks of the same space; one that comes again is left out.
    #[serde(default)]
    pub depends_on: Vec<TaskId>,
    /// The end by default.
    #[serde(default)]
    pub position: Option<Position>,
    /// At most 16 KiB, 100 members, 4 deep.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, crate::any::AnyJson>)]
    pub custom_fields: CustomFields,
    /// A member of the project, or the maker.
    #[serde(default)]
    pub assignee: Option<String>,
}

impl TaskDraft {
    /// The first version of the task, made at `now` for `owner`, or everything that is wrong with the draft.
    pub fn into_task(self, owner: &str, ids: &dyn IdSource, now: Timestamp) -> Result<Task, Vec<Violation>> {
        let mut violations = Vec::new();
        let title = validate_title(&self.title, &mut violations);
        validate_description(self.description.as_deref(), &mut violations);
        let reminders = validate_reminders(&self.reminders, &[], ids, now, &mut violations);
        let due_at = self.due_at.map(to_millisecond);
        let recurrence = self
            .recurrence
            .and_then(|draft| draft.validate(due_at, &mut violations));
        let id = TaskId(ids.next());
        let end = Position::at_end(now, id.0);
        if let Some(asked) = &self.position {
            fields::position(asked, &end, &mut violations);
        }
        fields::duration(self.duration_minutes, &mut violations);
        fields::percent(self.percent, &mut violations);
        fields::assignee(self.assignee.as_deref(), &mut violations);
        custom_fields::validate(&self.custom_fields, &mut violations);
        let task = Task {
            id,
            title,
            description: self.description,
            status: Status::Open,
            priority: self.priority,
            due_at,
            reminders,
            recurrence,
            start_at: self.start_at.map(to_millisecond),
            duration_minutes: self.duration_minutes,
            all_day: self.all_day,
            time_zone: self.time_zone,
            labels: fields::labels(&self.labels, &mut violations),
            percent: self.percent,
            project_id: self.project_id,
            parent_id: self.parent_id,
            depends_on: fields::depends_on(&self.depends_on, &mut violations),
            position: self.position.unwrap_or(end),
            custom_fields: self.custom_fields,
            assignee: self.assignee,
            owner: owner.to_owned(),
            version: 1,
            created_at: now,
            updated_at: now,
            completed_at: None,
        };
        fields::times(&task, &mut violations);
        if violations.is_empty() {
            Ok(task)
        } else {
            Err(violations)
        }
    }
}

pub(crate) fn validate_title(title: &str, violations: &mut Vec<Violation>) -> String {
    let title = title.trim();
    let chars = title.chars().count();
    if chars == 0 {
        violations.push(Violation::new(
            "/title",
            "empty",
            "the title needs at least one visible character",
        ));
    }
    if chars > TITLE_MAX_CHARS {
        let detail = format!("the title has {chars} characters; {TITLE_MAX_CHARS} is the most");
        violations.push(Violation::new("/title", "too_long", detail));
    }
    if title.chars().any(char::is_control) {
        let detail = "the title must not contain line breaks or other control characters";
        violations.push(Violation::new("/title", "control_character", detail));
    }
    title.to_owned()
}

pub(crate) fn validate_description(description: Option<&str>, violations: &mut Vec<Violation>) {
    let Some(text) = description else { return };
    if text.len() > DESCRIPTION_MAX_BYTES {
        let detail = format!(
            "the description has {} bytes; {DESCRIPTION_MAX_BYTES} is the most",
            text.len()
        );
        violations.push(Violation::new("/description", "too_long", detail));
    }
    // PostgreSQL cannot keep U+0000 in a text.
    if text.contains('\0') {
        let detail = "the description must not contain the character U+0000";
        violations.push(Violation::new("/description", "control_character", detail));
    }
}

/// The reminders in order of time. One that `existing` already has keeps its id, and may lie in the past.
pub(crate) fn validate_reminders(
    drafts: &[ReminderDraft],
    existing: &[Reminder],
    ids: &dyn IdSource,
    now: Timestamp,
    violations: &mut Vec<Violation>,
) -> Vec<Reminder> {
    if drafts.len() > REMINDERS_MAX {
        let detail = format!(
            "the task has {} reminders; {REMINDERS_MAX} is the most",
            drafts.len()
        );
        violations.push(Violation::new("/reminders", "too_many", detail));
        return Vec::new();
    }
    let mut reminders: Vec<Reminder> = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.iter().enumerate() {
        let at = to_millisecond(draft.at);
        let kept = existing.iter().find(|reminder| reminder.at == at);
        if kept.is_none() && at <= now {
            let detail = "a reminder must lie in the future";
            violations.push(Violation::new(
                format!("/reminders/{index}/at"),
                "in_the_past",
                detail,
            ));
        } else if reminders.iter().any(|reminder| reminder.at == at) {
            let detail = "the task already has a reminder at this instant";
            violations.push(Violation::new(
                format!("/reminders/{index}/at"),
                "duplicate",
                detail,
            ));
        } else {
            let id = kept.map_or_else(|| ReminderId(ids.next()), |reminder| reminder.id);
            reminders.push(Reminder { id, at });
        }
    }
    reminders.sort_by_key(|reminder| reminder.at);
    reminders
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SequentialIds;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-21T12:00:00Z";

    fn violations(draft: TaskDraft) -> Vec<(String, &'static str)> {
        draft
            .into_task("alice", &SequentialIds::default(), at(NOW))
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|violation| (violation.pointer, violation.code))
            .collect()
    }

    #[test]
    fn a_draft_becomes_the_first_version() {
        let draft: TaskDraft = serde_json::from_str(
            r#"{"title": " Buy milk ", "priority": "high", "reminders": [{"at": "2026-11-22T08:00:00.123456Z"}]}"#,
        )
        .unwrap();
        let ids = SequentialIds::default();
        let task = draft.into_task("alice", &ids, at(NOW)).unwrap();
        assert_eq!(task.title, "Buy milk");
        assert_eq!(
            (task.version, task.status, task.priority),
            (1, Status::Open, Priority::High)
        );
        assert_eq!(task.reminders[0].at, at("2026-11-22T08:00:00.123Z"));
        assert_eq!((task.created_at, task.updated_at), (at(NOW), at(NOW)));
    }

    /// A name, a draft, and pointer and code of each violation.
    type Case = (&'static str, TaskDraft, &'static [(&'static str, &'static str)]);

    #[test]
    fn each_rule_is_named_with_its_place() {
        let titled = |title: &str| TaskDraft {
            title: title.to_owned(),
            ..TaskDraft::default()
        };
        let reminded = |instants: &[&str]| TaskDraft {
            reminders: instants
                .iter()
                .map(|text| ReminderDraft { at: at(text) })
                .collect(),
            ..titled("x")
        };
        let described = |text: String| TaskDraft {
            description: Some(text),
            ..titled("x")
        };
        let table: [Case; 10] = [
            ("no title", titled(""), &[("/title", "empty")]),
            ("only spaces", titled(" \t"), &[("/title", "empty")]),
            ("longest title", titled(&"ä".repeat(500)), &[]),
            (
                "title too long",
                titled(&"ä".repeat(501)),
                &[("/title", "too_long")],
            ),
            ("line break", titled("a\nb"), &[("/title", "control_character")]),
            ("longest description", described("x".repeat(65_536)), &[]),
            (
                "description too long",
                described("x".repeat(65_537)),
                &[("/description", "too_long")],
            ),
            (
                "zero in description",
                described("a\0".to_owned()),
                &[("/description", "control_character")],
            ),
            (
                "reminder now",
                reminded(&[NOW]),
                &[("/reminders/0/at", "in_the_past")],
            ),
            (
                "same instant twice",
                reminded(&["2027-01-01T00:00:00Z", "2027-01-01T00:00:00.0001Z"]),
                &[("/reminders/1/at", "duplicate")],
            ),
        ];
        for (name, draft, expected) in table {
            let expected: Vec<_> = expected
                .iter()
                .map(|(pointer, code)| ((*pointer).to_owned(), *code))
                .collect();
            assert_eq!(violations(draft), expected, "{name}");
        }
    }

    #[test]
    fn every_violation_is_reported_at_once() {
        let draft = TaskDraft {
            title: String::new(),
            description: Some("x".repeat(70_000)),
            reminders: vec![ReminderDraft {
                at: at("2020-01-01T00:00:00Z"),
            }],
            ..TaskDraft::default()
        };
        assert_eq!(violations(draft).len(), 3);
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(serde_json::from_str::<TaskDraft>(r#"{"title": "x", "owner": "mallory"}"#).is_err());
    }

    proptest! {
        #[test]
        fn reminders_come_out_sorted_and_complete(seconds in proptest::collection::btree_set(1_i64..1_000_000, 0..=32)) {
            let drafts = seconds
                .iter()
                .rev()
                .map(|s| ReminderDraft { at: Timestamp::from_second(at(NOW).as_second() + s).unwrap() })
                .collect();
            let draft = TaskDraft { title: "x".to_owned(), reminders: drafts, ..TaskDraft::default() };
            let task = draft.into_task("alice", &SequentialIds::default(), at(NOW)).unwrap();
            prop_assert_eq!(task.reminders.len(), seconds.len());
            prop_assert!(task.reminders.is_sorted_by(|a, b| a.at < b.at));
        }
    }
}
