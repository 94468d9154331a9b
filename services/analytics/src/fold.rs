//! How events become counts; pure.
//!
//! A task counts by its newest state alone: on the day it was created, on the day it became done while it still is, and
//! on the day it was deleted while it still is. An event moves the counts from the state that was known to the state that
//! it tells, so events may come in any order, and any number of times.
//!
//! A recurring task that goes on never is done: each of its occurrences counts by the event that tells of its
//! completion, which the inbox lets in once, and nothing takes it back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use todo_domain::{CloudEvent, CompletedOccurrence, TaskChanged, Topic};

/// As much of a task as is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskState {
    /// The task's owner; never changes.
    pub owner: String,
    /// The version that told this.
    pub version: i64,
    /// The day it was made.
    pub created_on: Date,
    /// The day it became done, if it is done.
    pub completed_on: Option<Date>,
    /// The day it was deleted, if it was.
    pub deleted_on: Option<Date>,
}

impl TaskState {
    /// The state that an event of `topic` tells.
    pub fn of(topic: Topic, event: &CloudEvent<TaskChanged>) -> Self {
        let task = &event.data.task.task;
        Self {
            owner: task.owner.clone(),
            version: event.sequence.0,
            created_on: utc_day(task.created_at),
            completed_on: task.completed_at.map(utc_day),
            deleted_on: (topic == Topic::TaskDeleted).then(|| utc_day(event.time)),
        }
    }

    /// Whether this is to replace `known`. A deletion may repeat the last version; only a newer one,
    /// of a task that came back from the trash, comes after it.
    pub fn is_newer_than(&self, known: &Self) -> bool {
        (self.version, self.deleted_on.is_some()) > (known.version, known.deleted_on.is_some())
    }

    fn counts(&self) -> BTreeMap<Date, TaskCounts> {
        let mut counts = BTreeMap::<Date, TaskCounts>::new();
        counts.entry(self.created_on).or_default().created += 1;
        if let Some(day) = self.completed_on {
            counts.entry(day).or_default().completed += 1;
        }
        if let Some(day) = self.deleted_on {
            counts.entry(day).or_default().deleted += 1;
        }
        counts
    }
}

/// What happened to tasks on one day, or by how much that is to be changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// Tasks made.
    pub created: i64,
    /// Tasks that became done and still are, and completed occurrences of recurring tasks.
    pub completed: i64,
    /// Tasks deleted.
    pub deleted: i64,
}

/// By how much each day changes when `known` gives way to `told`; days without a change are left out.
///
/// In order of days, so that transactions that change several days lock them in the same order.
pub fn deltas(known: Option<&TaskState>, told: &TaskState) -> BTreeMap<Date, TaskCounts> {
    let mut deltas = told.counts();
    for (day, counts) in known.map(TaskState::counts).unwrap_or_default() {
        let delta = deltas.entry(day).or_default();
        delta.created -= counts.created;
        delta.completed -= counts.completed;
        delta.deleted -= counts.deleted;
    }
    deltas.retain(|_, delta| *delta != TaskCounts::default());
    deltas
}

/// What an event changes, each day: as a state that is newer than `known` (`told`, if it is), and as the completion of an
/// occurrence, whatever is known.
pub fn changes(
    known: Option<&TaskState>,
    told: &TaskState,
    occurrence: Option<CompletedOccurrence>,
) -> BTreeMap<Date, TaskCounts> {
    let is_newer = known.is_none_or(|known| told.is_newer_than(known));
    let mut changes = if is_newer {
        deltas(known, told)
    } else {
        BTreeMap::new()
    };
    if let Some(occurrence) = occurrence {
        changes
            .entry(utc_day(occurrence.completed_at))
            .or_default()
            .completed += 1;
    }
    changes
}

/// The day of an instant.
pub fn utc_day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(number: i8) -> Date {
        jiff::civil::date(2026, 11, number)
    }

    fn state(version: i64, completed_on: Option<i8>, deleted_on: Option<i8>) -> TaskState {
        TaskState {
            owner: "alice".to_owned(),
            version,
            created_on: day(1),
            completed_on: completed_on.map(day),
            deleted_on: deleted_on.map(day),
        }
    }

    fn apply(states: &[TaskState]) -> BTreeMap<Date, TaskCounts> {
        let mut known: Option<TaskState> = None;
        let mut totals = BTreeMap::<Date, TaskCounts>::new();
        for told in states {
            if known.as_ref().is_some_and(|known| !told.is_newer_than(known)) {
                continue;
            }
            for (day, delta) in deltas(known.as_ref(), told) {
                let total = totals.entry(day).or_default();
                total.created += delta.created;
                total.completed += delta.completed;
                total.deleted += delta.deleted;
            }
            known = Some(told.clone());
        }
        totals.retain(|_, total| *total != TaskCounts::default());
        totals
    }

    #[test]
    fn a_reopened_task_no_longer_counts_as_completed() {
        let reopened = apply(&[
            state(1, None, None),
            state(2, Some(2), None),
            state(3, None, None),
        ]);
        assert_eq!(
            reopened,
            BTreeMap::from([(
                day(1),
                TaskCounts {
                    created: 1,
                    ..TaskCounts::default()
                }
            )])
        );
    }

    #[test]
    fn a_deleted_task_keeps_what_it_counted_before() {
        let deleted = apply(&[
            state(1, None, None),
            state(2, Some(2), None),
            state(2, Some(2), Some(2)),
        ]);
        let second = TaskCounts {
            completed: 1,
            deleted: 1,
            ..TaskCounts::default()
        };
        let expected = BTreeMap::from([
            (
                day(1),
                TaskCounts {
                    created: 1,
                    ..TaskCounts::default()
                },
            ),
            (day(2), second),
        ]);
        assert_eq!(deleted, expected);
    }

    #[test]
    fn each_completed_occurrence_counts_even_when_its_event_comes_late() {
        let due_at = "2026-11-02T08:00:00Z".parse().unwrap();
        let occurrence = |completed_at: &str| {
            Some(CompletedOccurrence {
                due_at,
                completed_at: completed_at.parse().unwrap(),
            })
        };
        let completed = TaskCounts {
            completed: 1,
            ..TaskCounts::default()
        };
        let (second, third) = (state(2, None, None), state(3, None, None));
        let newer = changes(Some(&second), &third, occurrence("2026-11-03T10:00:00Z"));
        assert_eq!(newer, BTreeMap::from([(day(3), completed)]));
        let older = changes(Some(&third), &second, occurrence("2026-11-02T10:00:00Z"));
        assert_eq!(older, BTreeMap::from([(day(2), completed)]));
        assert_eq!(changes(Some(&third), &second, None), BTreeMap::new());
    }

    fn history() -> impl Strategy<Value = Vec<TaskState>> {
        let step = (any::<bool>(), 1_i8..28);
        (prop::collection::vec(step, 1..8), prop::option::of(1_i8..28)).prop_map(|(steps, deleted_on)| {
            let mut states: Vec<_> = (1..)
                .zip(&steps)
                .map(|(version, (is_done, on))| state(version, is_done.then_some(*on), None))
                .collect();
            if let (Some(on), Some(last)) = (deleted_on, states.last().cloned()) {
                states.push(TaskState {
                    deleted_on: Some(day(on)),
                    ..last
                });
            }
            states
        })
    }

    proptest! {
        #[test]
        fn any_order_and_any_repetition_come_to_the_same_counts(
            (history, shuffled) in history().prop_flat_map(|history| {
                let twice: Vec<_> = history.iter().chain(&history).cloned().collect();
                (Just(history), Just(twice).prop_shuffle())
            })
        ) {
            prop_assert_eq!(apply(&shuffled), apply(&history));
        }
    }
}
