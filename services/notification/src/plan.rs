//! Which message an event asks for; pure.

use jiff::Timestamp;
use todo_domain::{CloudEvent, EventId, ReminderDue, TaskChanged, TaskId, Topic};

/// The way a message takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Mail by SMTP.
    Email,
}

impl Channel {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
        }
    }
}

/// What a message is about; everything that its text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// `task.created`, `task.completed` or `task.reminder`.
    pub topic: Topic,
    /// The task.
    pub task_id: TaskId,
    /// Its version at the time.
    pub task_version: i64,
    /// Its title.
    pub title: String,
    /// When the task is due, was done, or the reminder was set for.
    pub at: Option<Timestamp>,
}

/// A message that is to be sent: one event, one recipient, one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// `source` of the event.
    pub source: String,
    /// `id` of the event.
    pub event_id: EventId,
    /// Whom to tell.
    pub owner: String,
    /// Where, unless the owner's preferences name another address.
    pub owner_email: Option<String>,
    /// Of what.
    pub occasion: Occasion,
    /// W3C trace context of the event.
    pub traceparent: String,
    /// How.
    pub channel: Channel,
}

impl Planned {
    /// Of `task.created` or `task.completed`, as `topic` says.
    pub fn of_task(topic: Topic, event: &CloudEvent<TaskChanged>) -> Self {
        let snapshot = &event.data.task;
        let task = &snapshot.task;
        let occasion = Occasion {
            topic,
            task_id: task.id,
            task_version: event.sequence.0,
            title: task.title.clone(),
            at: if topic == Topic::TaskCompleted {
                let of_occurrence = event.data.occurrence.map(|occurrence| occurrence.completed_at);
                of_occurrence.or(task.completed_at)
            } else {
                task.due_at
            },
        };
        Self::new(event, &task.owner, snapshot.owner_email.as_deref(), occasion)
    }

    /// Of `task.reminder`.
    pub fn of_reminder(event: &CloudEvent<ReminderDue>) -> Self {
        let due = &event.data;
        let occasion = Occasion {
            topic: Topic::TaskReminder,
            task_id: due.task_id,
            task_version: event.sequence.0,
            title: due.title.clone(),
            at: Some(due.at),
        };
        Self::new(event, &due.owner, due.owner_email.as_deref(), occasion)
    }

    fn new<T>(event: &CloudEvent<T>, owner: &str, owner_email: Option<&str>, occasion: Occasion) -> Self {
        Self {
            source: event.source.clone(),
            event_id: event.id,
            owner: owner.to_owned(),
            owner_email: owner_email.map(str::to_owned),
            occasion,
            traceparent: event.traceparent.clone(),
            channel: Channel::Email,
        }
    }

    /// The same for every copy of the same event, and for no other.
    pub fn dedupe_key(&self) -> String {
        format!("{}#{}#{}", self.source, self.event_id, self.channel.name())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_completed_occurrence_says_when_it_was_done_though_the_task_goes_on() {
        let event: CloudEvent<TaskChanged> = serde_json::from_value(json!({
            "specversion": "1.0", "id": uuid::Uuid::from_u128(9), "source": "/todo/todo/task",
            "type": "com.todo.task.completed.v1", "subject": "task/x", "time": "2026-11-02T10:00:00Z",
            "datacontenttype": "application/json", "sequence": "3", "partitionkey": "x",
            "data": {
                "task": {
                    "id": uuid::Uuid::from_u128(1), "title": "Buy milk", "description": null, "status": "open",
                    "priority": "none", "due_at": "2026-11-09T08:00:00Z", "reminders": [], "owner": "alice",
                    "version": 3, "created_at": "2026-11-01T12:00:00Z", "updated_at": "2026-11-02T10:00:00Z",
                    "completed_at": null, "owner_email": null,
                },
                "changed": ["due_at"],
                "occurrence": {"due_at": "2026-11-02T08:00:00Z", "completed_at": "2026-11-02T10:00:00Z"},
            },
        }))
        .unwrap();
        let planned = Planned::of_task(Topic::TaskCompleted, &event);
        assert_eq!(planned.occasion.at, Some("2026-11-02T10:00:00Z".parse().unwrap()));
    }
}
