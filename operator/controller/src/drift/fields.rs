//! `metadata.managedFields`: who owns which field.

use serde_json::{Map, Value};

use super::unescaped;
use crate::apply::FIELD_MANAGER;

/// The fields of one manager.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its name.
    pub(super) manager: String,
    /// Whether it used a subresource, such as `scale`.
    pub(super) is_subresource: bool,
    /// Whether it applied, rather than updated.
    is_apply: bool,
    /// The fields, as `FieldsV1`.
    pub(super) fields: Value,
    time: String,
}

impl Entry {
    /// The entries of an object, the newest last. Nobody's drift is in its status.
    pub(super) fn of(live: &Value) -> Vec<Self> {
        let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let mut entries: Vec<Self> = entries
            .into_iter()
            .flatten()
            .filter(|entry| entry["subresource"] != "status")
            .map(|entry| Self {
                manager: text(entry, "manager"),
                is_subresource: entry["subresource"].is_string(),
                is_apply: entry["operation"] == "Apply",
                fields: entry["fieldsV1"].clone(),
                time: text(entry, "time"),
            })
            .collect();
        entries.sort_by(|left, right| left.time.cmp(&right.time));
        entries
    }

    /// Whether the operator itself is the manager, by one of its names.
    pub(super) fn is_ours(&self) -> bool {
        self.manager.starts_with(FIELD_MANAGER)
    }

    /// Whether these are the fields that the operator sent as the child, and not the number of pods that it hands over.
    pub(super) fn is_our_apply(&self) -> bool {
        self.is_apply && !self.is_subresource && self.manager == FIELD_MANAGER
    }

    /// Whether the field at a JSON pointer into `wanted` is the manager's, alone or with others.
    pub(super) fn owns(&self, wanted: &Value, live: &Value, pointer: &str) -> bool {
        let mut fields = &self.fields;
        let (mut wanted, mut live) = (Some(wanted), Some(live));
        for segment in pointer.split('/').skip(1).map(unescaped) {
            let Some(below) = fields.as_object() else {
                return false;
            };
            if below.is_empty() {
                // A list or map that is owned as a whole.
                return true;
            }
            let next = if let Some(items) = wanted.and_then(Value::as_array) {
                let item = segment.parse::<usize>().ok().and_then(|index| items.get(index));
                live = live.and_then(Value::as_array).and_then(|items| {
                    items.iter().find(|live| {
                        below.keys().any(|key| {
                            let is = |item: &Value| key_of(key).is_some_and(|keys| is_item(item, &keys));
                            is(live) && item.is_some_and(is)
                        })
                    })
                });
                wanted = item;
                below.iter().find(|(key, _)| {
                    item.is_some_and(|item| match key_of(key) {
                        Some(keys) => is_item(item, &keys),
                        None => set_item(key).as_ref() == Some(item),
                    })
                })
            } else {
                wanted = wanted.and_then(|wanted| wanted.get(&segment));
                live = live.and_then(|live| live.get(&segment));
                below
                    .iter()
                    .find(|(key, _)| key.strip_prefix("f:") == Some(segment.as_str()))
            };
            let Some((_, next)) = next else {
                return false;
            };
            fields = next;
        }
        true
    }
}

/// The keys of a list's item (`k:{"name":"app"}`).
pub(super) fn key_of(field: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(field.strip_prefix("k:")?).ok()
}

/// The item of a set (`v:"value"`).
pub(super) fn set_item(field: &str) -> Option<Value> {
    serde_json::from_str(field.strip_prefix("v:")?).ok()
}

/// Whether these are the item's keys. A key that the item leaves out has its default, which is only ever `TCP`.
pub(super) fn is_item(item: &Value, keys: &Map<String, Value>) -> bool {
    keys.iter()
        .all(|(key, value)| item.get(key).unwrap_or(&Value::from("TCP")) == value)
}
