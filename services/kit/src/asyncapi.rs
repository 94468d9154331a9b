//! The events of a service as a document (AsyncAPI 3.0): `todo-<service> asyncapi`.

use serde_json::{Map, Value, json};
use todo_domain::{Topic, event_schema};

use crate::cli::VERSION;
use crate::describe::Description;

/// What the service publishes and what it receives, with the schemas of all that.
pub(crate) fn document(description: &Description) -> Value {
    let Description {
        service,
        about,
        publishes,
        consumes,
        ..
    } = description;
    let sent = publishes.iter().map(|topic| operation("send", *topic));
    let received = consumes.iter().map(|topic| operation("receive", *topic));
    let topics = || publishes.iter().chain(consumes).copied();
    json!({
        "asyncapi": "3.0.0",
        "info": {"title": format!("Todo platform: {service}"), "version": VERSION, "description": about},
        "defaultContentType": "application/cloudevents+json",
        "channels": topics().map(channel).collect::<Map<_, _>>(),
        "operations": sent.chain(received).collect::<Map<_, _>>(),
        "components": {
            "messages": topics().map(message).collect::<Map<_, _>>(),
        },
    })
}

fn channel(topic: Topic) -> (String, Value) {
    let value = json!({
        "address": topic.name(),
        "description": "On a broker that platforms share, the address begins with the platform's prefix.",
        "messages": {topic.name(): {"$ref": format!("#/components/messages/{topic}")}},
    });
    (topic.name().to_owned(), value)
}

fn operation(action: &str, topic: Topic) -> (String, Value) {
    let channel = format!("#/channels/{topic}");
    let value = json!({
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": format!("{channel}/messages/{topic}")}],
    });
    (format!("{action}.{topic}"), value)
}

fn message(topic: Topic) -> (String, Value) {
    let value = json!({
        "name": topic.event_type(),
        "contentType": "application/cloudevents+json",
        "payload": event_schema(topic),
    });
    (topic.name().to_owned(), value)
}
