//! Samples with random faults in them: a check never panics, and what it refuses it names by its field.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

use std::{path::Path, sync::LazyLock};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use todoplatform_offline::{
    check::check,
    input::{self, Document},
    lint::Severity,
    provenance,
};
use todoplatform_render::{OperatorDefaults, origins};

/// Every platform of `config/samples`.
static SAMPLES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/samples");
    let documents = input::read(&folder).unwrap();
    documents.into_iter().map(|document| document.resource).collect()
});

/// The JSON pointer of everything below `value`, itself included.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointers(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                pointers(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// What stands there instead, or is added.
#[derive(Clone, Debug)]
enum Fault {
    Replaced(Value),
    Removed,
    Unknown,
    Duplicated,
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(Value::from("x".repeat(100_000))),
        Just(Value::from("../../\u{0}\u{202e}${jndi}\n")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z.~/]{1,8}", inner, 0..4)
                .prop_map(|map| Value::from(map.into_iter().collect::<serde_json::Map<_, _>>())),
        ]
    })
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => values().prop_map(Fault::Replaced),
        1 => Just(Fault::Removed),
        1 => Just(Fault::Unknown),
        1 => Just(Fault::Duplicated),
    ]
}

/// Brings the fault to the place; false where it does not apply there.
fn spoil(resource: &mut Value, pointer: &str, fault: &Fault) -> bool {
    match fault {
        Fault::Replaced(value) => {
            *resource.pointer_mut(pointer).unwrap() = value.clone();
            true
        }
        Fault::Removed => {
            let Some((parent, last)) = pointer.rsplit_once('/') else {
                return false;
            };
            match resource.pointer_mut(parent).unwrap() {
                Value::Object(map) => map.remove(&last.replace("~1", "/").replace("~0", "~")).is_some(),
                Value::Array(items) => {
                    items.remove(last.parse().unwrap());
                    true
                }
                _ => false,
            }
        }
        Fault::Unknown => match resource.pointer_mut(pointer).unwrap() {
            Value::Object(map) => map.insert("notAField".into(), json!(1)).is_none(),
            _ => false,
        },
        Fault::Duplicated => match resource.pointer_mut(pointer).unwrap() {
            Value::Array(items) => {
                items.extend(items.clone());
                true
            }
            _ => false,
        },
    }
}

/// A field path or a JSON pointer with dots only: keys may have dots themselves.
fn dotted(path: &str) -> String {
    let unescaped = path
        .replace(['[', '/'], ".")
        .replace("~1", ".")
        .replace("~0", "~");
    unescaped.replace(']', "").trim_start_matches('.').to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_fault_anywhere_is_survived_and_named(
        sample in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), fault in faults(),
    ) {
        let mut resource = sample.get(&SAMPLES).clone();
        let mut places = Vec::new();
        pointers(&resource, "", &mut places);
        let pointer = place.get(&places).clone();
        prop_assume!(spoil(&mut resource, &pointer, &fault));
        let document = Document { file: "test".into(), resource: resource.clone() };
        let checked = check(&document, &OperatorDefaults::default());
        let refused: Vec<_> = checked.findings.iter().filter(|found| !found.rule.starts_with("TP")).collect();
        for finding in &checked.findings {
            prop_assert!(!finding.message.is_empty(), "{finding:?}");
            // Only a resource that is no object has no field to name.
            prop_assert!(!finding.field_path.is_empty() || pointer.is_empty(), "{finding:?}");
        }
        // Whatever is refused is refused for this one fault: a path to it, above it or below it is named, or it is what
        // another field lacks, which says so by its name.
        let fault_at = dotted(&pointer);
        let field = fault_at.rsplit('.').find(|segment| segment.parse::<usize>().is_err()).unwrap_or_default();
        let related = |path: &str| {
            let path = dotted(path);
            path.starts_with(&fault_at) || fault_at.starts_with(&path)
        };
        if !refused.is_empty() && !fault_at.starts_with("metadata") {
            let is_section = pointer.matches('/').count() <= 2;
            prop_assert!(
                is_section || refused.iter().any(|finding| {
                    let words = format!("{} {}", finding.message, finding.next_action);
                    let is_word = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).ends_with(field);
                    related(&finding.field_path) || words.split_whitespace().any(is_word)
                }),
                "{pointer} {refused:?}"
            );
        }
        // What passes is resolved, built and told without a panic too.
        if checked.worst() != Some(Severity::Error)
            && let Ok(platform) = serde_json::from_value(resource)
        {
            let settings = origins(&platform, &OperatorDefaults::default()).unwrap();
            prop_assert!(!provenance::text(&settings).is_empty());
        }
    }

    #[test]
    fn any_text_is_yaml_with_platforms_or_an_error(text in "[ -~\n]{0,200}") {
        for document in serde_yaml::Deserializer::from_str(&text) {
            let Ok(resource) = Value::deserialize(document) else { break };
            check(&Document { file: "test".into(), resource }, &OperatorDefaults::default());
        }
    }
}

#[test]
fn the_usual_faults_are_named_exactly() {
    let cases = [
        (json!({"profil": "development"}), "spec", "unknown field profil"),
        (
            json!({"services": {"task": {"replicas": "2"}}}),
            "spec.services.task.replicas",
            "integer",
        ),
        (
            json!({"services": {"task": {"replicas": -1}}}),
            "spec.services.task.replicas",
            "minimum",
        ),
        (
            json!({"services": {"task": {"env": [{"name": "A B"}]}}}),
            "spec.services.task.env[0].name",
            "match",
        ),
        (
            json!({"auth": {"algorithms": ["HS256"]}}),
            "spec.auth.algorithms[0]",
            "HS256",
        ),
        (
            json!({"database": {}}),
            "spec.database",
            "exactly one of embedded, external",
        ),
        (
            json!({"profile": "production"}),
            "spec.broker",
            "needs a broker of your own",
        ),
    ];
    for (spec, field, words) in cases {
        let resource = json!({
            "apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform", "metadata": {"name": "todo"}, "spec": spec,
        });
        let document = Document {
            file: "test".into(),
            resource,
        };
        let findings = check(&document, &OperatorDefaults::default()).findings;
        assert!(
            findings
                .iter()
                .any(|found| found.field_path == field && found.message.contains(words)),
            "{field}: {findings:#?}"
        );
    }
    let wrong_metadata = json!({
        "apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform", "metadata": {"name": 7}, "spec": {},
    });
    let document = Document {
        file: "test".into(),
        resource: wrong_metadata,
    };
    let findings = check(&document, &OperatorDefaults::default()).findings;
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert!(findings[0].field_path.starts_with("metadata"), "{findings:#?}");
}
