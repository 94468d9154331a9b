//! Decided settings as a flat list: path to value. A list is one value.

use serde::Serialize;
use serde_json::Value;

use super::Leaves;

pub(super) fn of_settings(settings: &impl Serialize) -> Leaves {
    let mut leaves = Leaves::new();
    // Settings of our own types always serialise.
    collect(
        &serde_json::to_value(settings).unwrap_or_default(),
        &[],
        &mut leaves,
    );
    leaves
}

fn collect(value: &Value, path: &[String], leaves: &mut Leaves) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                collect(value, &[path, std::slice::from_ref(key)].concat(), leaves);
            }
        }
        leaf => {
            leaves.insert(path.to_owned(), leaf.clone());
        }
    }
}
