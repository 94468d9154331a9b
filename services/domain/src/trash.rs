//! Coming back from the trash.

use jiff::Timestamp;

use crate::{Position, Task, TaskId, Violation};

impl Task {
    /// The next version of a task that comes back from the trash at `now`, without the dependencies that are not
    /// `known`, and at `place` if its own is taken.
    #[must_use]
    pub fn restored(&self, known: &[TaskId], place: Option<Position>, now: Timestamp) -> Self {
        let mut next = self.next_version(now);
        next.depends_on.retain(|id| known.contains(id));
        next.position = place.unwrap_or(next.position);
        next
    }

    /// The same without the references in which `violations` were found.
    #[must_use]
    pub fn without(self, violations: &[Violation]) -> Self {
        let is_wrong = |pointer: &str| violations.iter().any(|violation| violation.pointer == pointer);
        Self {
            parent_id: self.parent_id.filter(|_| !is_wrong("/parent_id")),
            depends_on: if is_wrong("/depends_on") {
                Vec::new()
            } else {
                self.depends_on
            },
            assignee: self.assignee.filter(|_| !is_wrong("/assignee")),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{SequentialIds, TaskDraft};

    fn other(number: u128) -> TaskId {
        TaskId(Uuid::from_u128(number))
    }

    fn task() -> Task {
        let draft: TaskDraft = serde_json::from_str(r#"{"title": "x"}"#).unwrap();
        let ids = SequentialIds::default();
        let task = draft.into_task("alice", &ids, Timestamp::UNIX_EPOCH).unwrap();
        Task {
            parent_id: Some(other(1)),
            depends_on: vec![other(2), other(3)],
            assignee: Some("alice".to_owned()),
            ..task
        }
    }

    #[test]
    fn it_comes_back_as_its_next_version_without_what_is_gone() {
        let before = task();
        let now = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(9);
        let same = Task {
            version: 2,
            updated_at: now,
            ..before.clone()
        };
        assert_eq!(before.restored(&[other(3), other(2)], None, now), same);
        let end = Position::at_end(now, Uuid::from_u128(7));
        let expected = Task {
            depends_on: vec![other(3)],
            position: end.clone(),
            ..same
        };
        assert_eq!(before.restored(&[other(3), other(4)], Some(end), now), expected);
    }

    #[test]
    fn only_references_that_are_wrong_are_dropped() {
        let wrong = |pointers: &[&str]| {
            let violations: Vec<_> = pointers
                .iter()
                .map(|pointer| Violation::new(*pointer, "unknown", "gone"))
                .collect();
            task().without(&violations)
        };
        assert_eq!(wrong(&["/project_id"]), task());
        let expected = Task {
            parent_id: None,
            ..task()
        };
        assert_eq!(wrong(&["/parent_id"]), expected);
        let expected = Task {
            depends_on: Vec::new(),
            assignee: None,
            ..task()
        };
        assert_eq!(wrong(&["/depends_on", "/assignee"]), expected);
    }
}
