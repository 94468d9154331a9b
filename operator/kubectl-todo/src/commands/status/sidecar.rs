//! What the sidecars say of themselves: `status.components[].dapr`, where the operator tells it.

use serde_json::Value;

use crate::{
    look::{Look, Tone},
    table::{self, Cell},
};

/// One line for each component with a sidecar; nothing where none is told of.
pub(super) fn table(platform: &Value, look: Look) -> String {
    let components = platform["status"]["components"].as_array();
    let rows = components
        .into_iter()
        .flatten()
        .filter(|component| component["dapr"].is_object())
        .map(|component| {
            let dapr = &component["dapr"];
            let text = |field: &str| dapr[field].as_str().unwrap_or_default();
            [
                Cell::plain(text("appId")),
                Cell::toned(
                    of(&dapr["sidecars"], &component["desired"]),
                    format!("{}/{}", number(&dapr["sidecars"]), number(&component["desired"])),
                ),
                Cell::plain(text("runtimeVersion")),
                share(&dapr["componentsLoaded"], &dapr["componentsDeclared"]),
                share(&dapr["subscriptionsActive"], &dapr["subscriptionsDeclared"]),
                Cell::toned(Tone::Bad, failed(&dapr["failed"])),
            ]
        });
    table::lines(
        ["SIDECAR", "ANSWER", "DAPR", "LOADED", "SUBSCRIBED", "NOT LOADED"],
        rows.collect(),
        look,
    )
}

fn number(value: &Value) -> String {
    value
        .as_i64()
        .map_or_else(|| "?".into(), |number| number.to_string())
}

/// Good where all of it is there.
fn of(part: &Value, whole: &Value) -> Tone {
    match (part.as_i64(), whole.as_i64()) {
        (Some(part), Some(whole)) if part >= whole => Tone::Good,
        (None, _) => Tone::Waiting,
        _ => Tone::Bad,
    }
}

fn share(part: &Value, whole: &Value) -> Cell {
    Cell::toned(of(part, whole), format!("{}/{}", number(part), number(whole)))
}

fn failed(names: &Value) -> String {
    let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.collect::<Vec<_>>().join(", ")
}
