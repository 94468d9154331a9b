//! Events: CloudEvents 1.0 as our services publish and receive them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::{EventId, TaskId};

mod data;
mod schema;

pub use data::{DeliveryReport, ReminderDue, TaskChanged, TaskSnapshot};
pub use schema::event_schema;

/// What [`CloudEvent::dataschema`] begins with.
const SCHEMAS: &str = "https://todoplatform.dev/events/";

/// A topic, without the prefix that a shared broker demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A task was made; data is [`TaskChanged`].
    TaskCreated,
    /// A task changed otherwise than by becoming done; data is [`TaskChanged`].
    TaskUpdated,
    /// A task became done, or one occurrence of a recurring task did; data is [`TaskChanged`].
    TaskCompleted,
    /// A task was deleted; data is [`TaskChanged`] with its last state.
    TaskDeleted,
    /// A reminder fell due; data is [`ReminderDue`].
    TaskReminder,
    /// The next occurrence of a repeating task is due.
    TaskRecurred,
    /// A message reached its recipient; data is [`DeliveryReport`].
    NotificationDelivered,
    /// A message was given up; data is [`DeliveryReport`].
    NotificationFailed,
}

impl Topic {
    /// Every topic, in the order of the declaration.
    pub const ALL: [Self; 8] = [
        Self::TaskCreated,
        Self::TaskUpdated,
        Self::TaskCompleted,
        Self::TaskDeleted,
        Self::TaskReminder,
        Self::TaskRecurred,
        Self::NotificationDelivered,
        Self::NotificationFailed,
    ];

    /// `task.created` and so on.
    pub fn name(self) -> &'static str {
        match self {
            Self::TaskCreated => "task.created",
            Self::TaskUpdated => "task.updated",
            Self::TaskCompleted => "task.completed",
            Self::TaskDeleted => "task.deleted",
            Self::TaskReminder => "task.reminder",
            Self::TaskRecurred => "task.recurred",
            Self::NotificationDelivered => "notification.delivered",
            Self::NotificationFailed => "notification.failed",
        }
    }

    /// The CloudEvents `type`: `com.todo.task.created.v1`.
    pub fn event_type(self) -> String {
        format!("com.todo.{}.v1", self.name())
    }

    /// The route on the app port that receives it: `/events/task.created`.
    pub fn route(self) -> String {
        format!("/events/{}", self.name())
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a topic of the platform")]
pub struct UnknownTopic(String);

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|topic| topic.name() == text)
            .ok_or_else(|| UnknownTopic(text.to_owned()))
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A version as the CloudEvents extension `sequence` carries it: a string, so that it stays exact everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub i64);

impl Serialize for Sequence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sequence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// One event, as a whole envelope (`application/cloudevents+json`).
///
/// Reading ignores attributes that are not listed, because brokers and sidecars add some (`topic`, `pubsubname`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloudEvent<T> {
    /// Always `1.0`.
    pub specversion: String,
    /// Stable over redelivery; unique together with `source`.
    pub id: EventId,
    /// `/todo/<platform>/<service>`.
    pub source: String,
    /// `com.todo.<topic>.v1`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// `task/<id>`.
    pub subject: String,
    /// When it happened.
    pub time: Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// Names the shape of `data`: `https://todoplatform.dev/events/<type>`. The first events had none.
    #[serde(default)]
    pub dataschema: String,
    /// The task's version.
    #[schema(value_type = String, pattern = "^[0-9]+$")]
    pub sequence: Sequence,
    /// The task's id: the events of one task stay in order on brokers that order by key.
    pub partitionkey: String,
    /// W3C trace context of the request that caused it. Absent or empty when nothing was traced.
    #[serde(default)]
    pub traceparent: String,
    /// The same as `traceparent`: when this one is missing, the sidecar overwrites both with a context of its own.
    #[serde(default)]
    pub traceid: String,
    /// What happened.
    pub data: T,
}

/// Who publishes: the fixed part of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventOrigin {
    source: String,
}

/// What an event is about: the part of an envelope that differs from event to event.
#[derive(Debug, Clone, Copy)]
pub struct EventSubject<'a> {
    /// The event's own stable id.
    pub id: EventId,
    /// What kind of happening.
    pub topic: Topic,
    /// The task it is about.
    pub task_id: TaskId,
    /// The task's version after the happening.
    pub version: i64,
    /// When it happened.
    pub time: Timestamp,
    /// W3C `traceparent` of the request that caused it.
    pub traceparent: &'a str,
}

impl EventOrigin {
    /// Events of `service` (`task`) on the platform `platform` (`todo`).
    pub fn new(platform: &str, service: &str) -> Self {
        Self {
            source: format!("/todo/{platform}/{service}"),
        }
    }

    /// The envelope around `data`.
    pub fn event<T>(&self, about: EventSubject<'_>, data: T) -> CloudEvent<T> {
        CloudEvent {
            specversion: "1.0".to_owned(),
            id: about.id,
            source: self.source.clone(),
            event_type: about.topic.event_type(),
            subject: format!("task/{}", about.task_id),
            time: about.time,
            datacontenttype: "application/json".to_owned(),
            dataschema: format!("{SCHEMAS}{}", about.topic.event_type()),
            sequence: Sequence(about.version),
            partitionkey: about.task_id.to_string(),
            traceparent: about.traceparent.to_owned(),
            traceid: about.traceparent.to_owned(),
            data,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{IdSource, SequentialIds, Task, TaskDraft};

    const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn created(title: &str) -> CloudEvent<TaskChanged> {
        let ids = SequentialIds::default();
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let draft = TaskDraft {
            title: title.to_owned(),
            ..TaskDraft::default()
        };
        let task = draft.into_task("alice", &ids, now).unwrap();
        let about = EventSubject {
            id: EventId(ids.next()),
            topic: Topic::TaskCreated,
            task_id: task.id,
            version: task.version,
            time: now,
            traceparent: TRACEPARENT,
        };
        let task = TaskSnapshot {
            task,
            owner_email: Some("alice@example.com".to_owned()),
        };
        EventOrigin::new("todo", "task").event(
            about,
            TaskChanged {
                task,
                changed: Vec::new(),
                occurrence: None,
            },
        )
    }

    #[test]
    fn the_envelope_is_what_the_contract_says() {
        let id = "01900000-0000-7000-8000-000000000001";
        let expected = serde_json::json!({
            "specversion": "1.0", "id": "01900000-0000-7000-8000-000000000002", "source": "/todo/todo/task",
            "type": "com.todo.task.created.v1", "subject": format!("task/{id}"), "time": "2026-11-21T12:00:00Z",
            "datacontenttype": "application/json", "sequence": "1", "partitionkey": id,
            "dataschema": "https://todoplatform.dev/events/com.todo.task.created.v1",
            "traceparent": TRACEPARENT, "traceid": TRACEPARENT,
            "data": {
                "task": {
                    "id": id, "title": "Buy milk", "description": null, "status": "open", "priority": "none",
                    "due_at": null, "reminders": [], "recurrence": null, "start_at": null, "duration_minutes": null,
                    "all_day": false, "time_zone": null, "labels": [], "percent": 0, "project_id": null,
                    "parent_id": null, "depends_on": [], "position": "0Vbbm4fI70008000000000000001",
                    "custom_fields": {}, "assignee": null, "owner": "alice", "version": 1,
                    "created_at": "2026-11-21T12:00:00Z", "updated_at": "2026-11-21T12:00:00Z",
                    "completed_at": null, "owner_email": "alice@example.com",
                },
                "changed": [],
            },
        });
        assert_eq!(serde_json::to_value(created("Buy milk")).unwrap(), expected);
    }

    #[test]
    fn attributes_that_the_sidecar_adds_do_not_disturb() {
        let event = created("Buy milk");
        let mut json = serde_json::to_value(&event).unwrap();
        json["topic"] = "task.created".into();
        json["pubsubname"] = "todo-task-events".into();
        assert_eq!(
            serde_json::from_value::<CloudEvent<TaskChanged>>(json).unwrap(),
            event
        );
    }

    /// As the first release wrote it.
    #[test]
    fn an_event_of_the_former_shape_is_read() {
        let event: CloudEvent<TaskChanged> = serde_json::from_value(serde_json::json!({
            "specversion": "1.0", "id": "01900000-0000-7000-8000-000000000002", "source": "/todo/todo/task",
            "type": "com.todo.task.created.v1", "subject": "task/x", "time": "2026-11-21T12:00:00Z",
            "datacontenttype": "application/json", "sequence": "1", "partitionkey": "x",
            "data": {
                "task": {
                    "id": "01900000-0000-7000-8000-000000000001", "title": "Buy milk", "description": null,
                    "status": "open", "priority": "none", "due_at": null, "reminders": [], "recurrence": null,
                    "owner": "alice", "version": 1, "created_at": "2026-11-21T12:00:00Z",
                    "updated_at": "2026-11-21T12:00:00Z", "completed_at": null, "owner_email": null,
                },
                "changed": [],
            },
        }))
        .unwrap();
        let task = event.data.task.task;
        let expected = Task {
            position: task.position.clone(),
            ..created("Buy milk").data.task.task
        };
        assert_eq!((&task, task.position.as_str()), (&expected, ""));
    }

    #[test]
    fn members_that_a_later_release_adds_do_not_disturb() {
        let event = created("Buy milk");
        let mut json = serde_json::to_value(&event).unwrap();
        json["data"]["task"]["mood"] = "good".into();
        json["data"]["reason"] = "none".into();
        assert_eq!(
            serde_json::from_value::<CloudEvent<TaskChanged>>(json).unwrap(),
            event
        );
    }

    #[test]
    fn an_event_without_trace_and_schema_is_read() {
        let mut json = serde_json::to_value(created("x")).unwrap();
        json.as_object_mut()
            .unwrap()
            .retain(|key, _| !key.starts_with("trace") && key != "dataschema");
        assert_eq!(
            serde_json::from_value::<CloudEvent<TaskChanged>>(json)
                .unwrap()
                .traceparent,
            ""
        );
    }

    #[test]
    fn topics_are_named_once() {
        for topic in Topic::ALL {
            assert_eq!(topic.name().parse(), Ok(topic));
            assert_eq!(topic.route(), format!("/events/{topic}"));
        }
        assert!("task.unheard".parse::<Topic>().is_err());
    }

    proptest! {
        #[test]
        fn events_survive_the_round_trip(title in "[^\\p{Cc}]{1,100}", sequence: i64) {
            prop_assume!(!title.trim().is_empty());
            let mut event = created(&title);
            event.sequence = Sequence(sequence);
            let json = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(serde_json::from_str::<CloudEvent<TaskChanged>>(&json).unwrap(), event);
        }
    }
}
