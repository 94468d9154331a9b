//! Whether an object already is what is wanted, although the API server has added its defaults.

use serde_json::Value;

/// Whether every leaf of `wanted` stands in `live` with the same value.
///
/// Objects may have more members than wanted: defaults, status, what other writers own. Lists must have the same
/// items in the same order: an item too many may be a foreign addition to a list that is ours as a whole. The answer
/// may be a false no (a forced apply then changes nothing), never a false yes. What is empty may be absent.
pub fn is_within(wanted: &Value, live: Option<&Value>) -> bool {
    match (wanted, live) {
        (Value::Object(wanted), None) => wanted.values().all(|value| is_within(value, None)),
        (Value::Array(wanted), None) => wanted.is_empty(),
        (Value::Null, None) => true,
        (_, None) => false,
        (Value::Object(wanted), Some(Value::Object(live))) => {
            wanted.iter().all(|(key, value)| is_within(value, live.get(key)))
        }
        (Value::Array(wanted), Some(Value::Array(live))) => {
            wanted.len() == live.len()
                && wanted
                    .iter()
                    .zip(live)
                    .all(|(wanted, live)| is_within(wanted, Some(live)))
        }
        (Value::Number(wanted), Some(Value::Number(live))) => wanted.as_f64() == live.as_f64(),
        (wanted, Some(live)) => wanted == live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_of_the_server_do_not_count_and_everything_wanted_does() {
        let wanted = json!({
            "metadata": {"name": "todo-task", "labels": {"a": "1"}},
            "spec": {"replicas": 2, "template": {"containers": [{"name": "app", "args": ["run"]}], "volumes": [{"name": "tmp", "emptyDir": {}}]}},
        });
        let live = json!({
            "metadata": {"name": "todo-task", "labels": {"a": "1", "b": "2"}, "uid": "7"},
            "spec": {"replicas": 2.0, "paused": false, "template": {
                "containers": [{"name": "app", "args": ["run"], "terminationMessagePath": "/dev/termination-log"}],
                "volumes": [{"name": "tmp", "emptyDir": {}}],
            }},
            "status": {"replicas": 2},
        });
        assert!(is_within(&wanted, Some(&live)));
        let changes: [(&str, Value); 6] = [
            ("/metadata/labels/a", json!("3")),
            ("/spec/replicas", json!(3)),
            ("/spec/template/containers/0/args", json!(["run", "fast"])),
            ("/spec/template/containers", json!([])),
            ("/spec/template/volumes/0/name", json!("other")),
            ("/metadata/labels", Value::Null),
        ];
        for (path, value) in changes {
            let mut edited = live.clone();
            *edited.pointer_mut(path).unwrap() = value;
            assert!(
                !is_within(&wanted, Some(&edited)),
                "{path} was changed and nobody saw it"
            );
        }
    }

    #[test]
    fn what_is_empty_may_be_absent_and_nothing_else() {
        for (wanted, expected) in [
            (json!({"data": {}}), true),
            (json!({"args": []}), true),
            (json!({"a": {"b": {"c": []}}}), true),
            (json!({"a": ""}), false),
            (json!({"a": {"b": 0}}), false),
        ] {
            assert_eq!(is_within(&wanted, Some(&json!({}))), expected, "{wanted}");
        }
    }
}
