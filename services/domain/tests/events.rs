//! The events that were published, and what today's code makes of them. See `events/README.md`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::path::Path;

use serde_json::Value;
use todo_domain::{CloudEvent, DeliveryReport, ReminderDue, TaskChanged, Topic, event_schema};

/// The published events of a topic, the oldest shape first.
fn published(topic: Topic) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("events")
        .join(topic.name());
    (1..)
        .map_while(|number| std::fs::read(folder.join(format!("{number}.json"))).ok())
        .map(|text| serde_json::from_slice(&text).unwrap())
        .collect()
}

/// Reads an event as its consumers do and writes it again.
fn rewritten(topic: Topic, event: &Value) -> Value {
    fn through<T: serde::de::DeserializeOwned + serde::Serialize>(event: &Value) -> Value {
        let event: CloudEvent<T> = serde_json::from_value(event.clone()).unwrap();
        serde_json::to_value(event).unwrap()
    }
    match topic {
        Topic::TaskReminder => through::<ReminderDue>(event),
        Topic::NotificationDelivered | Topic::NotificationFailed => through::<DeliveryReport>(event),
        _ => through::<TaskChanged>(event),
    }
}

fn with_schema() -> impl Iterator<Item = (Topic, Value)> {
    Topic::ALL
        .into_iter()
        .filter_map(|topic| Some((topic, event_schema(topic)?)))
}

#[test]
fn the_two_newest_shapes_of_every_event_are_kept() {
    for (topic, _) in with_schema() {
        assert!(published(topic).len() >= 2, "{topic}");
    }
}

#[test]
fn the_newest_is_what_is_written_today() {
    for (topic, _) in with_schema() {
        let newest = published(topic).pop().unwrap();
        assert_eq!(
            rewritten(topic, &newest),
            newest,
            "{topic}: a new shape needs a new file"
        );
    }
}

#[test]
fn all_of_them_fit_the_schema_of_today() {
    for (topic, schema) in with_schema() {
        let schema = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        for event in published(topic) {
            let broken: Vec<_> = schema.iter_errors(&event).map(|e| e.to_string()).collect();
            assert_eq!(broken, [""; 0], "{topic}");
            let now = rewritten(topic, &event);
            assert!(schema.is_valid(&now), "{topic}");
        }
    }
}

#[test]
fn the_schema_refuses_what_is_no_such_event() {
    let (topic, schema) = with_schema().next().unwrap();
    let schema = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let good = published(topic).pop().unwrap();
    for (pointer, value) in [
        ("/type", "com.todo.task.updated.v1".into()),
        ("/time", "yesterday".into()),
        ("/sequence", 1.into()),
        ("/data/task/status", "finished".into()),
        ("/data/task/id", "1".into()),
        ("/data/task/title", Value::Null),
        ("/data", Value::Null),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(!schema.is_valid(&bad), "{pointer}");
    }
}
