//! The leaves in which a live object is not what is wanted.

use serde_json::Value;

use super::escaped;
use crate::compare::is_within;

/// One leaf that is not as wanted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// JSON pointer into what is wanted.
    pub(super) pointer: String,
    /// The same for people.
    pub(super) field: String,
    /// What stands there; none when it is gone.
    pub(super) live: Option<Value>,
    /// Whether the live value is still the one that the operator sent.
    pub(super) is_ours: bool,
}

/// Every leaf of `wanted` that `live` does not have. None exactly when [`is_within`] holds.
pub(super) fn differences(wanted: &Value, live: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(wanted, Some(live), String::new(), String::new(), &mut found);
    found
}

fn compare(
    wanted: &Value,
    live: Option<&Value>,
    pointer: String,
    field: String,
    found: &mut Vec<Difference>,
) {
    if is_within(wanted, live) {
        return;
    }
    match (wanted, live) {
        (Value::Object(wanted), Some(live @ Value::Object(_))) => {
            for (key, value) in wanted {
                let pointer = format!("{pointer}/{}", escaped(key));
                compare(value, live.get(key), pointer, format!("{field}.{key}"), found);
            }
        }
        (Value::Array(wanted), Some(Value::Array(live))) if pairs(wanted, live).is_some() => {
            for (index, (wanted, live)) in pairs(wanted, live).into_iter().flatten().enumerate() {
                let name = name(wanted).map_or_else(|| index.to_string(), |name| format!("name=\"{name}\""));
                compare(
                    wanted,
                    live,
                    format!("{pointer}/{index}"),
                    format!("{field}[{name}]"),
                    found,
                );
            }
        }
        _ => found.push(Difference {
            pointer,
            field,
            live: live.cloned(),
            is_ours: false,
        }),
    }
}

/// The items of two lists, each wanted one beside the live one of its name, or of its place where items have no names.
/// None when lists can only be compared as a whole.
fn pairs<'a>(wanted: &'a [Value], live: &'a [Value]) -> Option<Vec<(&'a Value, Option<&'a Value>)>> {
    if wanted.iter().chain(live).all(|item| name(item).is_some()) {
        let of_name = |item: &Value| live.iter().find(|live| name(live) == name(item));
        let pairs: Vec<_> = wanted.iter().map(|item| (item, of_name(item))).collect();
        // The same names in another order, or one too many, is a difference of the list itself.
        let differs = pairs.iter().any(|(wanted, live)| !is_within(wanted, *live));
        return differs.then_some(pairs);
    }
    (wanted.len() == live.len()).then(|| wanted.iter().zip(live.iter().map(Some)).collect())
}

fn name(item: &Value) -> Option<&str> {
    item.get("name")?.as_str()
}
