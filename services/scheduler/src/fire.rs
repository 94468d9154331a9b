//! One reminder as the scheduler keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use todo_domain::{CloudEvent, EventId, ReminderDue, ReminderId, Status, TaskChanged, TaskId};
use uuid::Uuid;

/// The name space of fire ids. Never change it: the ids of what fired already would change too.
const FIRES: Uuid = Uuid::from_u128(0x7b0a_8a5e_3c51_5f0c_9c1d_5a4e_2f63_d1a7);

/// One reminder of one task at one instant, with all that its event says.
///
/// Its JSON form is what Redis holds, so fields may be added with a default, but not renamed or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fire {
    /// The task to remember.
    pub task_id: TaskId,
    /// The version of the task that set this reminder.
    pub version: i64,
    /// Which of its reminders.
    pub reminder_id: ReminderId,
    /// When it is to be published.
    pub at: Timestamp,
    /// The task's owner.
    pub owner: String,
    /// The owner's mail address, if the task's event said one.
    pub owner_email: Option<String>,
    /// The task's title.
    pub title: String,
    /// W3C trace context of the request that set it; empty when nothing was traced.
    #[serde(default)]
    pub traceparent: String,
}

impl Fire {
    /// The id of this fire and of the event it becomes: a `UUIDv5` of task, reminder and nominal time.
    ///
    /// The same reminder moved to another time is another fire; published twice, it is the same event.
    pub fn id(&self) -> EventId {
        let name = format!(
            "{}/{}/{}",
            self.task_id,
            self.reminder_id,
            self.at.as_millisecond()
        );
        EventId(Uuid::new_v5(&FIRES, name.as_bytes()))
    }

    /// The event's data, when it is published at `now`.
    pub fn reminder_due(&self, now: Timestamp) -> ReminderDue {
        ReminderDue {
            task_id: self.task_id,
            owner: self.owner.clone(),
            owner_email: self.owner_email.clone(),
            title: self.title.clone(),
            reminder_id: self.reminder_id,
            at: self.at,
            late_seconds: now.duration_since(self.at).as_secs().max(0),
        }
    }
}

/// What a task wants to be fired after one of its events: nothing once it is done or cancelled.
pub fn fires_of(event: &CloudEvent<TaskChanged>) -> Vec<Fire> {
    let snapshot = &event.data.task;
    let task = &snapshot.task;
    if matches!(task.status, Status::Done | Status::Cancelled) {
        return Vec::new();
    }
    let fire = |reminder: &todo_domain::Reminder| Fire {
        task_id: task.id,
        version: event.sequence.0,
        reminder_id: reminder.id,
        at: reminder.at,
        owner: task.owner.clone(),
        owner_email: snapshot.owner_email.clone(),
        title: task.title.clone(),
        traceparent: event.traceparent.clone(),
    };
    task.reminders.iter().map(fire).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fire(at: &str) -> Fire {
        Fire {
            task_id: TaskId(Uuid::from_u128(1)),
            version: 3,
            reminder_id: ReminderId(Uuid::from_u128(2)),
            at: at.parse().unwrap(),
            owner: "alice".to_owned(),
            owner_email: Some("alice@example.com".to_owned()),
            title: "Buy milk".to_owned(),
            traceparent: String::new(),
        }
    }

    #[test]
    fn the_id_depends_on_task_reminder_and_time_alone() {
        let first = fire("2026-11-21T12:00:00Z");
        let renamed = Fire {
            title: "Buy oat milk".to_owned(),
            version: 4,
            ..first.clone()
        };
        assert_eq!(first.id(), renamed.id());
        assert_ne!(first.id(), fire("2026-11-21T12:00:00.001Z").id());
        // A fixed value, because ids must stay the same from release to release.
        assert_eq!(first.id().to_string(), "072946c7-0ab2-5deb-8ce1-0dcd56d5d112");
    }

    #[test]
    fn lateness_is_in_whole_seconds_and_never_negative() {
        let fire = fire("2026-11-21T12:00:00Z");
        for (now, late) in [
            ("2026-11-21T12:00:00.900Z", 0),
            ("2026-11-21T12:00:02.100Z", 2),
            ("2026-11-21T11:59:59Z", 0),
        ] {
            assert_eq!(
                fire.reminder_due(now.parse().unwrap()).late_seconds,
                late,
                "{now}"
            );
        }
    }

    #[test]
    fn a_completed_task_has_reminders_exactly_when_it_goes_on() {
        let completed = |status: &str| -> CloudEvent<TaskChanged> {
            serde_json::from_value(serde_json::json!({
                "specversion": "1.0", "id": Uuid::from_u128(9), "source": "/todo/todo/task",
                "type": "com.todo.task.completed.v1", "subject": "task/x", "time": "2026-11-02T10:00:00Z",
                "datacontenttype": "application/json", "sequence": "3", "partitionkey": "x",
                "data": {
                    "task": {
                        "id": Uuid::from_u128(1), "title": "Buy milk", "description": null, "status": status,
                        "priority": "none", "due_at": "2026-11-09T08:00:00Z",
                        "reminders": [{"id": Uuid::from_u128(2), "at": "2026-11-09T07:00:00Z"}],
                        "recurrence": {
                            "rrule": "FREQ=WEEKLY", "start": "2026-11-02T09:00:00", "time_zone": "Europe/Berlin",
                            "anchor": "due", "missed": "latest", "exdates": [], "rdates": [], "completed": 1,
                        },
                        "owner": "alice", "version": 3, "created_at": "2026-11-01T12:00:00Z",
                        "updated_at": "2026-11-02T10:00:00Z", "completed_at": null,
                        "owner_email": "alice@example.com",
                    },
                    "changed": ["due_at", "reminders", "recurrence"],
                },
            }))
            .unwrap()
        };
        assert_eq!(fires_of(&completed("open")), [fire("2026-11-09T07:00:00Z")]);
        assert_eq!(fires_of(&completed("done")), []);
    }
}
