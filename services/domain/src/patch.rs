//! What changes a task: a JSON merge patch (RFC 7396) with the rules of the draft.

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::draft::{validate_description, validate_reminders, validate_title};
use crate::fields::{self, to_millisecond};
use crate::project::present;
use crate::recurrence::due_required;
use crate::{
    CustomFields, IdSource, IllegalTransition, Position, Priority, ProjectId, Recurrence, RecurrenceDraft,
    ReminderDraft, Status, Task, TaskId, Topic, Violation, custom_fields,
};

/// A merge patch of a task: an absent member stays, `null` clears.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskPatch {
    /// Cannot be cleared.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub title: Option<Option<String>>,
    /// `null` clears.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
    /// Cannot be cleared; must be reachable from the present status.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Status>)]
    pub status: Option<Option<Status>>,
    /// `null` means `none`.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Priority>)]
    pub priority: Option<Option<Priority>>,
    /// `null` clears.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Timestamp>)]
    pub due_at: Option<Option<Timestamp>>,
    /// The whole new list; `null` clears. A reminder whose instant stays keeps its id.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<ReminderDraft>>)]
    pub reminders: Option<Option<Vec<ReminderDraft>>>,
    /// The whole new recurrence; `null` ends it, and the task stays. The same series goes on counting.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<RecurrenceDraft>)]
    pub recurrence: Option<Option<RecurrenceDraft>>,
    /// `null` clears.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Timestamp>)]
    pub start_at: Option<Option<Timestamp>>,
    /// `null` clears.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    pub duration_minutes: Option<Option<u32>>,
    /// `null` means `false`.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    pub all_day: Option<Option<bool>>,
    /// `null` clears.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub time_zone: Option<Option<String>>,
    /// The whole new list; `null` clears.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub labels: Option<Option<Vec<String>>>,
    /// `null` means 0.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u8>)]
    pub percent: Option<Option<u8>>,
    /// `null` makes it a task of its owner alone. In another space it comes last, unless `position` says otherwise.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<ProjectId>)]
    pub project_id: Option<Option<ProjectId>>,
    /// `null` makes it a part of nothing.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<TaskId>)]
    pub parent_id: Option<Option<TaskId>>,
    /// The whole new list; `null` clears.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<TaskId>>)]
    pub depends_on: Option<Option<Vec<TaskId>>>,
    /// `null` means the end.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Position>)]
    pub position: Option<Option<Position>>,
    /// Merged with what is there, at every depth; `null` clears.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, crate::any::AnyJson>>)]
    pub custom_fields: Option<Option<CustomFields>>,
    /// `null` clears.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub assignee: Option<Option<String>>,
}

/// Why a patch was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The patch breaks rules of the fields; never empty.
    #[error("the patch breaks {} rules", violations.len())]
    Invalid {
        /// Each of them.
        violations: Vec<Violation>,
    },
    /// The status asked for cannot follow the present one.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
}

/// What a patch came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patched {
    /// Everything was so already: nothing to write, nothing to tell.
    Unchanged,
    /// The next version.
    Changed {
        /// The task with the next version number.
        task: Box<Task>,
        /// Names of the fields that differ, in the order of the declaration; never empty.
        changed: Vec<&'static str>,
    },
}

impl Patched {
    /// The topic that tells of the change: `task.completed` when the task became done.
    pub fn topic(changed: &[&str], task: &Task) -> Topic {
        if task.status == Status::Done && changed.contains(&"status") {
            Topic::TaskCompleted
        } else {
            Topic::TaskUpdated
        }
    }
}

impl TaskPatch {
    /// `task` after this patch, at `now`.
    pub fn apply(&self, task: &Task, ids: &dyn IdSource, now: Timestamp) -> Result<Patched, PatchError> {
        let mut violations = Vec::new();
        let mut next = task.next_version(now);
        match &self.title {
            Some(Some(title)) => next.title = validate_title(title, &mut violations),
            Some(None) => violations.push(Violation::new(
                "/title",
                "required",
                "the title cannot be cleared",
            )),
            None => {}
        }
        if let Some(description) = &self.description {
            validate_description(description.as_deref(), &mut violations);
            next.description.clone_from(description);
        }
        if let Some(priority) = self.priority {
            next.priority = priority.unwrap_or_default();
        }
        if let Some(due_at) = self.due_at {
            next.due_at = due_at.map(to_millisecond);
        }
        if let Some(drafts) = &self.reminders {
            let drafts = drafts.as_deref().unwrap_or_default();
            next.reminders = validate_reminders(drafts, &task.reminders, ids, now, &mut violations);
        }
        match &self.recurrence {
            Some(draft) => {
                let asked = draft
                    .as_ref()
                    .and_then(|draft| draft.validate(next.due_at, &mut violations));
                next.recurrence = asked.map(|asked| continued(asked, task.recurrence.as_ref()));
            }
            None => violations.extend(next.recurrence.as_ref().and_then(|recurrence| match next.due_at {
                None => Some(due_required()),
                // One that nobody moves may get there by itself.
                Some(due_at) if self.due_at.is_some() => recurrence.due_too_far(due_at),
                Some(_) => None,
            })),
        }
        self.apply_plan(task, &mut next, &mut violations);
        self.apply_place(task, &mut next, ids, now, &mut violations);
        if self.status == Some(None) {
            violations.push(Violation::new(
                "/status",
                "required",
                "the status cannot be cleared",
            ));
        }
        if !violations.is_empty() {
            return Err(PatchError::Invalid { violations });
        }
        if let Some(Some(status)) = self.status
            && status != task.status
        {
            next.status = task.status.transition(status)?;
            next.completed_at = (status == Status::Done).then_some(now);
        }
        let changed = task.changed_fields(&next);
        if changed.is_empty() {
            return Ok(Patched::Unchanged);
        }
        Ok(Patched::Changed {
            task: Box::new(next),
            changed,
        })
    }
}

impl TaskPatch {
    /// What says when and how it is to be done.
    fn apply_plan(&self, task: &Task, next: &mut Task, violations: &mut Vec<Violation>) {
        if let Some(start_at) = self.start_at {
            next.start_at = start_at.map(to_millisecond);
        }
        if let Some(minutes) = self.duration_minutes {
            fields::duration(minutes, violations);
            next.duration_minutes = minutes;
        }
        if let Some(all_day) = self.all_day {
            next.all_day = all_day.unwrap_or_default();
        }
        if let Some(zone) = &self.time_zone {
            next.time_zone.clone_from(zone);
        }
        if let Some(labels) = &self.labels {
            next.labels = fields::labels(labels.as_deref().unwrap_or_default(), violations);
        }
        if let Some(percent) = self.percent {
            next.percent = percent.unwrap_or_default();
            fields::percent(next.percent, violations);
        }
        if let Some(asked) = &self.custom_fields {
            next.custom_fields = asked
                .as_ref()
                .map(|asked| custom_fields::merged(&task.custom_fields, asked))
                .unwrap_or_default();
            custom_fields::validate(&next.custom_fields, violations);
        }
        if let Some(assignee) = &self.assignee {
            fields::assignee(assignee.as_deref(), violations);
            next.assignee.clone_from(assignee);
        }
        // What a recurring task came to by itself is not looked at again.
        let times = |task: &Task| (task.start_at, task.due_at, task.all_day, task.time_zone.clone());
        if times(task) != times(next) {
            fields::times(next, violations);
        }
    }

    /// What says where it stands among other tasks.
    fn apply_place(
        &self,
        task: &Task,
        next: &mut Task,
        ids: &dyn IdSource,
        now: Timestamp,
        violations: &mut Vec<Violation>,
    ) {
        if let Some(project) = self.project_id {
            next.project_id = project;
        }
        if let Some(parent) = self.parent_id {
            next.parent_id = parent;
        }
        if let Some(asked) = &self.depends_on {
            next.depends_on = fields::depends_on(asked.as_deref().unwrap_or_default(), violations);
        }
        let end = || Position::at_end(now, ids.next());
        match &self.position {
            Some(Some(asked)) => {
                fields::position(asked, &end(), violations);
                next.position.clone_from(asked);
            }
            Some(None) => next.position = end(),
            None if next.project_id != task.project_id => next.position = end(),
            None => {}
        }
    }
}

/// `asked`, with what was completed so far when it is the series that the task has.
fn continued(asked: Recurrence, present: Option<&Recurrence>) -> Recurrence {
    let completed = present.map_or(0, |present| present.completed);
    let same = Recurrence {
        completed,
        ..asked.clone()
    };
    if present == Some(&same) { same } else { asked }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CompleteError, SequentialIds, TaskDraft};

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn later() -> Timestamp {
        "2026-11-21T13:00:00Z".parse().unwrap()
    }

    fn task() -> Task {
        let draft: TaskDraft = serde_json::from_value(serde_json::json!({
            "title": "Buy milk", "description": "two litres", "due_at": "2026-12-01T00:00:00Z",
            "reminders": [{"at": "2026-11-21T12:30:00Z"}, {"at": "2026-11-30T00:00:00Z"}],
        }))
        .unwrap();
        draft
            .into_task("alice", &SequentialIds::default(), now())
            .unwrap()
    }

    fn apply(patch: serde_json::Value, task: &Task) -> Result<Patched, PatchError> {
        serde_json::from_value::<TaskPatch>(patch)
            .unwrap()
            .apply(task, &SequentialIds::default(), later())
    }

    fn changed(patched: Patched) -> (Task, Vec<&'static str>) {
        match patched {
            Patched::Changed { task, changed } => (*task, changed),
            Patched::Unchanged => panic!("the patch should change something"),
        }
    }

    #[test]
    fn an_absent_member_stays_and_null_clears() {
        let before = task();
        let (after, names) =
            changed(apply(serde_json::json!({"description": null, "title": "Milk"}), &before).unwrap());
        assert_eq!(names, ["title", "description"]);
        let expected = Task {
            title: "Milk".to_owned(),
            description: None,
            version: 2,
            updated_at: later(),
            ..before
        };
        assert_eq!(after, expected);
    }

    #[test]
    fn a_patch_that_says_what_is_so_changes_nothing() {
        let same = serde_json::json!({"title": "Buy milk", "status": "open", "priority": null});
        assert_eq!(apply(same, &task()).unwrap(), Patched::Unchanged);
        assert_eq!(apply(serde_json::json!({}), &task()).unwrap(), Patched::Unchanged);
    }

    #[test]
    fn a_kept_reminder_keeps_its_id_even_when_it_is_past() {
        let before = task();
        let patch = serde_json::json!({"reminders": [{"at": "2026-11-21T12:30:00Z"}, {"at": "2026-12-24T00:00:00Z"}]});
        let (after, names) = changed(apply(patch, &before).unwrap());
        assert_eq!(names, ["reminders"]);
        assert_eq!(after.reminders[0], before.reminders[0]);
        assert_ne!(after.reminders[1].at, before.reminders[1].at);
    }

    #[test]
    fn title_and_status_cannot_be_cleared() {
        let error = apply(serde_json::json!({"title": null, "status": null}), &task()).unwrap_err();
        let PatchError::Invalid { violations } = error else {
            panic!("violations expected")
        };
        assert_eq!(
            violations.iter().map(|v| v.pointer.as_str()).collect::<Vec<_>>(),
            ["/title", "/status"]
        );
    }

    #[test]
    fn done_sets_the_instant_of_completion_and_reopening_clears_it() {
        let (done, names) = changed(apply(serde_json::json!({"status": "done"}), &task()).unwrap());
        assert_eq!(done.completed_at, Some(later()));
        assert_eq!(Patched::topic(&names, &done), Topic::TaskCompleted);
        let (open, names) = changed(apply(serde_json::json!({"status": "open"}), &done).unwrap());
        assert_eq!(
            (open.status, open.completed_at, open.version),
            (Status::Open, None, 3)
        );
        assert_eq!(Patched::topic(&names, &open), Topic::TaskUpdated);
    }

    #[test]
    fn an_illegal_step_is_a_typed_error() {
        let done = task().completed(later()).unwrap().task;
        let error = apply(serde_json::json!({"status": "waiting"}), &done).unwrap_err();
        assert_eq!(
            error,
            PatchError::Illegal(IllegalTransition {
                from: Status::Done,
                to: Status::Waiting
            })
        );
        assert_eq!(
            done.completed(later()),
            Err(CompleteError::Illegal(IllegalTransition {
                from: Status::Done,
                to: Status::Done
            }))
        );
    }

    #[test]
    fn each_rule_of_the_later_fields_is_named_with_its_place() {
        let many_ids: Vec<_> = (0..51).map(uuid::Uuid::from_u128).collect();
        let many_labels: Vec<_> = (0..51).map(|number| number.to_string()).collect();
        let table = [
            (
                serde_json::json!({"start_at": "-000001-01-01T00:00:00Z"}),
                "/start_at",
                "out_of_range",
            ),
            (
                serde_json::json!({"start_at": "2027-01-01T00:00:00Z"}),
                "/start_at",
                "after_due",
            ),
            (
                serde_json::json!({"duration_minutes": 0}),
                "/duration_minutes",
                "out_of_range",
            ),
            (
                serde_json::json!({"duration_minutes": 527_041}),
                "/duration_minutes",
                "out_of_range",
            ),
            (serde_json::json!({"all_day": true}), "/all_day", "incomplete"),
            (
                serde_json::json!({"time_zone": "Mars/Base"}),
                "/time_zone",
                "unknown",
            ),
            (serde_json::json!({"labels": ["a", " "]}), "/labels/1", "empty"),
            (
                serde_json::json!({"labels": ["x".repeat(101)]}),
                "/labels/0",
                "too_long",
            ),
            (
                serde_json::json!({"labels": ["a\nb"]}),
                "/labels/0",
                "control_character",
            ),
            (serde_json::json!({"labels": many_labels}), "/labels", "too_many"),
            (serde_json::json!({"percent": 101}), "/percent", "out_of_range"),
            (
                serde_json::json!({"depends_on": many_ids}),
                "/depends_on",
                "too_many",
            ),
            (serde_json::json!({"position": "x"}), "/position", "malformed"),
            (
                serde_json::json!({"position": "zzzzzzzz"}),
                "/position",
                "beyond_end",
            ),
            (
                serde_json::json!({"custom_fields": {"": 1}}),
                "/custom_fields",
                "bad_name",
            ),
            (serde_json::json!({"assignee": ""}), "/assignee", "malformed"),
        ];
        let draft: TaskDraft =
            serde_json::from_str(r#"{"title": "x", "due_at": "2026-12-01T00:00:00Z"}"#).unwrap();
        let task = draft
            .into_task("alice", &SequentialIds::default(), now())
            .unwrap();
        for (patch, pointer, code) in table {
            let Err(PatchError::Invalid { violations }) = apply(patch.clone(), &task) else {
                panic!("violations expected: {patch}")
            };
            let found: Vec<_> = violations
                .iter()
                .map(|found| (found.pointer.as_str(), found.code))
                .collect();
            assert_eq!(found, [(pointer, code)], "{patch}");

            let mut draft = patch;
            draft["title"] = "x".into();
            draft["due_at"] = "2026-12-01T00:00:00Z".into();
            let draft: TaskDraft = serde_json::from_value(draft).unwrap();
            let found = draft
                .into_task("alice", &SequentialIds::default(), now())
                .unwrap_err();
            let found: Vec<_> = found
                .iter()
                .map(|found| (found.pointer.as_str(), found.code))
                .collect();
            assert_eq!(found, [(pointer, code)], "a draft");
        }
    }

    #[test]
    fn the_later_fields_are_set_merged_and_cleared() {
        let parent = uuid::Uuid::from_u128(5);
        let patch = serde_json::json!({
            "start_at": "2026-11-30T00:00:00Z", "duration_minutes": 30, "all_day": true, "time_zone": "Europe/Berlin",
            "labels": ["a", " b ", "a"], "percent": 50, "parent_id": parent, "depends_on": [parent, parent],
            "position": "00000001", "custom_fields": {"a": {"b": 1, "c": 2}}, "assignee": "alice",
        });
        let (set, names) = changed(apply(patch, &task()).unwrap());
        assert_eq!(names.len(), 11);
        assert_eq!(set.labels, ["a", "b"]);
        assert_eq!(set.depends_on, [TaskId(parent)]);
        let (merged, names) =
            changed(apply(serde_json::json!({"custom_fields": {"a": {"b": null}}}), &set).unwrap());
        assert_eq!(names, ["custom_fields"]);
        assert_eq!(
            serde_json::Value::from(merged.custom_fields),
            serde_json::json!({"a": {"c": 2}})
        );
        let clear = serde_json::json!({
            "start_at": null, "duration_minutes": null, "all_day": null, "time_zone": null, "labels": null,
            "percent": null, "parent_id": null, "depends_on": null, "position": null, "custom_fields": null,
            "assignee": null,
        });
        let (cleared, names) = changed(apply(clear, &set).unwrap());
        assert_eq!(names.len(), 11);
        let expected = Task {
            version: 3,
            updated_at: later(),
            position: cleared.position.clone(),
            ..task()
        };
        assert_eq!(cleared, expected);
        assert!(cleared.position > set.position);
    }

    #[test]
    fn in_another_project_a_task_comes_last() {
        let project = serde_json::json!({"project_id": uuid::Uuid::from_u128(3)});
        let (after, names) = changed(apply(project, &task()).unwrap());
        assert_eq!(names, ["project_id", "position"]);
        assert!(after.position > task().position);
    }

    #[test]
    fn a_recurrence_comes_with_a_due_date_and_goes_by_null() {
        let weekly = serde_json::json!({"rrule": "FREQ=WEEKLY", "time_zone": "Europe/Berlin"});
        let (recurring, names) = changed(apply(serde_json::json!({"recurrence": weekly}), &task()).unwrap());
        assert_eq!(names, ["recurrence"]);
        let recurrence = recurring.recurrence.clone().unwrap();
        // The due date on the zone's wall clock.
        assert_eq!(recurrence.start, jiff::civil::datetime(2026, 12, 1, 1, 0, 0, 0));

        let refused = |patch, task: &Task| match apply(patch, task) {
            Err(PatchError::Invalid { violations }) => violations[0].pointer.clone(),
            other => panic!("violations expected: {other:?}"),
        };
        assert_eq!(
            refused(serde_json::json!({"due_at": null}), &recurring),
            "/due_at"
        );
        let far = serde_json::json!({"due_at": "9000-01-01T00:00:00Z"});
        assert_eq!(refused(far, &recurring), "/due_at");
        let both = serde_json::json!({"due_at": null, "recurrence": weekly});
        assert_eq!(refused(both, &task()), "/due_at");
        let minutely = serde_json::json!({"recurrence": {"rrule": "FREQ=MINUTELY", "time_zone": "UTC"}});
        assert_eq!(refused(minutely, &task()), "/recurrence/rrule");

        let both = serde_json::json!({"due_at": null, "recurrence": null});
        let (plain, names) = changed(apply(both, &recurring).unwrap());
        assert_eq!((plain.recurrence, names), (None, vec!["due_at", "recurrence"]));
    }

    #[test]
    fn the_same_series_goes_on_counting_and_another_one_begins_anew() {
        let patch = |rrule| serde_json::json!({"recurrence": {"rrule": rrule, "time_zone": "UTC", "start": "2026-12-01T00:00:00"}});
        let (recurring, _) = changed(apply(patch("FREQ=DAILY"), &task()).unwrap());
        let advanced = recurring.completed(later()).unwrap().task;
        assert_eq!(advanced.recurrence.as_ref().unwrap().completed, 1);
        assert_eq!(apply(patch("FREQ=DAILY"), &advanced).unwrap(), Patched::Unchanged);
        let (other, _) = changed(apply(patch("FREQ=WEEKLY"), &advanced).unwrap());
        assert_eq!(other.recurrence.unwrap().completed, 0);
    }
}
