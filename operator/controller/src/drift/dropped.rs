//! What the operator sent once and does not want any more. Server-side apply takes it away, if only it is sent again: a look
//! at what is wanted does not see it.

use serde_json::Value;
use todoplatform_render::{Child, ChildKind};

use super::additions::{Place, step};
use super::fields::Entry;

/// JSON pointers to fields of the live child that the operator applied and that are not wanted now.
pub(super) fn dropped(child: &Child, entries: &[Entry], live: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if child.kind == ChildKind::PersistentVolumeClaim {
        // What a claim asks for is asked for once: the API server would refuse to take anything back.
        return found;
    }
    for entry in entries.iter().filter(|entry| entry.is_our_apply()) {
        below(&entry.fields, live, &child.object, &Place::default(), &mut found);
    }
    found
}

fn below(fields: &Value, live: &Value, wanted: &Value, place: &Place, found: &mut Vec<String>) {
    for (key, fields) in fields.as_object().into_iter().flatten() {
        match step(key, live, wanted, place) {
            Some((place, live, Some(wanted))) => below(fields, live, wanted, &place, found),
            Some((place, _, None)) => found.push(place.pointer),
            // Gone already.
            None => {}
        }
    }
}
