//! The rules of single fields, the same for drafts and for patches.

use jiff::Timestamp;

use crate::recurrence::is_zone;
use crate::{Position, Task, TaskId, Violation};

/// Most labels of one task.
pub const LABELS_MAX: usize = 50;
/// Longest label, in characters.
pub const LABEL_MAX_CHARS: usize = 100;
/// Longest duration: a leap year.
pub const DURATION_MAX_MINUTES: u32 = 366 * 24 * 60;
/// Most tasks that one depends on.
pub const DEPENDS_ON_MAX: usize = 50;
/// The earliest instant that a task can have: earlier ones are written in a way of their own by each program.
pub const FIRST_INSTANT: Timestamp = Timestamp::constant(-62_135_596_800, 0);
/// Longest id of a user, in bytes: the `sub` of a token (`OpenID` Connect Core, section 2).
pub const USER_MAX_BYTES: usize = 255;

/// The labels without surrounding white space, each once, in the order in which they were first named.
pub(crate) fn labels(asked: &[String], violations: &mut Vec<Violation>) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for (index, label) in asked.iter().enumerate() {
        let label = label.trim();
        let pointer = format!("/labels/{index}");
        if label.is_empty() {
            violations.push(Violation::new(
                pointer,
                "empty",
                "a label needs a visible character",
            ));
        } else if label.chars().count() > LABEL_MAX_CHARS {
            let detail = format!("a label has at most {LABEL_MAX_CHARS} characters");
            violations.push(Violation::new(pointer, "too_long", detail));
        } else if label.chars().any(char::is_control) {
            let detail = "a label must not contain control characters";
            violations.push(Violation::new(pointer, "control_character", detail));
        } else if !labels.iter().any(|known| known == label) {
            labels.push(label.to_owned());
        }
    }
    if labels.len() > LABELS_MAX {
        let detail = format!("{} labels; {LABELS_MAX} is the most", labels.len());
        violations.push(Violation::new("/labels", "too_many", detail));
    }
    labels
}

/// Adds what is wrong with a duration.
pub(crate) fn duration(minutes: Option<u32>, violations: &mut Vec<Violation>) {
    if minutes.is_some_and(|minutes| !(1..=DURATION_MAX_MINUTES).contains(&minutes)) {
        let detail = format!("a duration is 1 to {DURATION_MAX_MINUTES} minutes");
        violations.push(Violation::new("/duration_minutes", "out_of_range", detail));
    }
}

/// Adds what is wrong with the share that is done.
pub(crate) fn percent(percent: u8, violations: &mut Vec<Violation>) {
    if percent > 100 {
        violations.push(Violation::new(
            "/percent",
            "out_of_range",
            "a percentage is 0 to 100",
        ));
    }
}

/// The tasks that one depends on, each once, in the order in which they were first named.
pub(crate) fn depends_on(asked: &[TaskId], violations: &mut Vec<Violation>) -> Vec<TaskId> {
    let mut ids: Vec<TaskId> = Vec::new();
    for id in asked {
        if !ids.contains(id) {
            ids.push(*id);
        }
        if ids.len() > DEPENDS_ON_MAX {
            let detail = format!("{} tasks; {DEPENDS_ON_MAX} is the most", asked.len());
            violations.push(Violation::new("/depends_on", "too_many", detail));
            break;
        }
    }
    ids
}

/// Whether a text can be the `sub` of a token.
pub(crate) fn is_user(text: &str) -> bool {
    (1..=USER_MAX_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Adds what is wrong with the user who is to do it.
pub(crate) fn assignee(user: Option<&str>, violations: &mut Vec<Violation>) {
    if user.is_some_and(|user| !is_user(user)) {
        let detail = format!("a user's id has 1 to {USER_MAX_BYTES} bytes and no control characters");
        violations.push(Violation::new("/assignee", "malformed", detail));
    }
}

/// Adds what is wrong with a position that somebody asks for when the end of the list is at `end`.
pub(crate) fn position(asked: &Position, end: &Position, violations: &mut Vec<Violation>) {
    if !asked.is_well_formed() {
        let detail = "a position has 8 to 250 digits and letters, and no 0 at the end behind the eighth";
        violations.push(Violation::new("/position", "malformed", detail));
    } else if asked > end {
        // What comes next would not be the last.
        let detail = "this is behind the end of the list; leave it out to get there";
        violations.push(Violation::new("/position", "beyond_end", detail));
    }
}

/// Adds what is wrong with the times of `task`, each by itself and among each other.
pub(crate) fn times(task: &Task, violations: &mut Vec<Violation>) {
    for (pointer, instant) in [("/start_at", task.start_at), ("/due_at", task.due_at)] {
        if instant.is_some_and(|instant| instant < FIRST_INSTANT) {
            let detail = "an instant lies in the year 1 or later";
            violations.push(Violation::new(pointer, "out_of_range", detail));
        }
    }
    if let (Some(start), Some(due)) = (task.start_at, task.due_at)
        && start > due
    {
        let detail = "a task starts before it is due";
        violations.push(Violation::new("/start_at", "after_due", detail));
    }
    if let Some(zone) = &task.time_zone
        && !is_zone(zone)
    {
        let detail = format!("{zone:?} is not a zone of the IANA database");
        violations.push(Violation::new("/time_zone", "unknown", detail));
    }
    if task.all_day && (task.due_at.is_none() || task.time_zone.is_none()) {
        let detail = "a whole day needs a due date, and the time zone whose day it is";
        violations.push(Violation::new("/all_day", "incomplete", detail));
    }
}

/// `at` without what is finer than a millisecond.
pub(crate) fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
