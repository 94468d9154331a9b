//! Events as the contract has them.

use std::path::Path;

use serde_json::Value;
use todo_domain::{Topic, event_schema};

/// Panics unless `envelope` fits the schema of its topic.
pub fn fits_its_schema(topic: &str, envelope: &Value) {
    let schema = topic.parse().ok().and_then(event_schema);
    let schema = schema.expect("what is published should have a schema");
    let schema = jsonschema::options().should_validate_formats(true).build(&schema);
    let schema = schema.expect("a schema of ours should be one");
    let broken: Vec<_> = schema
        .iter_errors(envelope)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(broken.is_empty(), "{topic}: {broken:?} in {envelope}");
}

/// The events of a topic that were ever published, one of each shape, the oldest first: what a consumer must read.
pub fn published(topic: Topic) -> Vec<Value> {
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/events");
    let folder = events.join(topic.name());
    let read = |number: u32| std::fs::read(folder.join(format!("{number}.json"))).ok();
    let events: Vec<_> = (1..)
        .map_while(read)
        .map(|text| serde_json::from_slice(&text).expect("a kept event should be JSON"))
        .collect();
    assert!(events.len() >= 2, "{topic}: the two newest shapes should be kept");
    events
}
