//! The shape of each kind of event as a JSON Schema (2020-12).

use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{CloudEvent, DeliveryReport, ReminderDue, TaskChanged};
use crate::Topic;

/// Where schemas stand in the documents that utoipa is made for.
const COMPONENTS: &str = "#/components/schemas/";

/// The schema of an event of this topic, as a whole envelope; the schemas that it refers to are in its `$defs`. `None`
/// for a topic that nobody publishes yet. Members that are not listed may be there: sidecars and later versions add some.
pub fn event_schema(topic: Topic) -> Option<Value> {
    let (mut envelope, definitions) = match topic {
        Topic::TaskCreated | Topic::TaskUpdated | Topic::TaskCompleted | Topic::TaskDeleted => {
            collected::<TaskChanged>()
        }
        Topic::TaskReminder => collected::<ReminderDue>(),
        Topic::NotificationDelivered | Topic::NotificationFailed => collected::<DeliveryReport>(),
        Topic::TaskRecurred => return None,
    };
    let properties = &mut envelope["properties"];
    for (name, value) in [
        ("specversion", "1.0".to_owned()),
        ("type", topic.event_type()),
        ("datacontenttype", "application/json".to_owned()),
    ] {
        properties[name]["const"] = value.into();
    }
    envelope["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    envelope["title"] = topic.event_type().into();
    envelope["$defs"] = definitions.into();
    redirect(&mut envelope);
    Some(envelope)
}

/// The envelope around data of type `T`, and all schemas that it refers to.
fn collected<T: ToSchema>() -> (Value, Map<String, Value>) {
    let json = |schema: &RefOr<Schema>| serde_json::to_value(schema).expect("a schema should be JSON");
    let mut definitions = Vec::new();
    CloudEvent::<T>::schemas(&mut definitions);
    definitions.push((T::name().into_owned(), T::schema()));
    let definitions = definitions
        .iter()
        .map(|(name, schema)| (name.clone(), json(schema)));
    (json(&CloudEvent::<T>::schema()), definitions.collect())
}

/// Makes references to components ones to `$defs`.
fn redirect(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(target) if name == "$ref" => {
                        *target = target.replacen(COMPONENTS, "#/$defs/", 1);
                    }
                    other => redirect(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redirect),
        _ => {}
    }
}
