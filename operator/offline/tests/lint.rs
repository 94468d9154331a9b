//! Each rule and its page hold each other: the first example of the page is found, the second is not.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::{Value, json};
use todoplatform_offline::{
    check::{Checked, check},
    input::Document,
    lint::{Rule, Severity, rule_of, rules},
};
use todoplatform_render::OperatorDefaults;

fn pages() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/lint")
}

/// The YAML examples of a page, in their order.
fn examples(page: &str) -> Vec<Value> {
    let parts = page.split("```yaml\n").skip(1);
    parts
        .map(|part| serde_yaml::from_str(part.split("```").next().unwrap()).unwrap())
        .collect()
}

/// The example as a whole resource: what production cannot be without is filled in.
fn resource(example: &Value) -> Value {
    let mut resource = json!({"apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform"});
    merge(&mut resource, example);
    resource["metadata"]["name"] = json!("todo");
    let spec = &mut resource["spec"];
    if spec["profile"] == "production" {
        let key = json!({"name": "external", "key": "value"});
        let missing = [
            ("database", json!({"external": {"urlSecretKeyRef": key}})),
            ("cache", json!({"external": {"urlSecretKeyRef": key}})),
            (
                "broker",
                json!({"kafka": {"brokers": ["kafka:9093"], "tls": {"caSecretKeyRef": key}}}),
            ),
            (
                "auth",
                json!({"issuer": "https://issuer", "audience": "todo", "jwksUrl": "https://issuer/jwks"}),
            ),
        ];
        for (section, value) in missing {
            if spec[section].is_null() {
                spec[section] = value;
            }
        }
    }
    resource
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

fn checked(resource: Value) -> Checked {
    let document = Document {
        file: "test".into(),
        resource,
    };
    check(&document, &OperatorDefaults::default())
}

fn found(checked: &Checked, rule: &Rule) -> bool {
    checked.counted().any(|finding| finding.rule == rule.id)
}

#[test]
fn every_rule_finds_the_first_example_of_its_page_and_not_the_second() {
    for rule in rules() {
        let examples = examples(rule.page);
        let [bad, good] = examples.as_slice() else {
            unreachable!("{}: two examples are wanted", rule.id)
        };
        for (example, expected) in [(bad, true), (good, false)] {
            let checked = checked(resource(example));
            assert!(
                checked
                    .findings
                    .iter()
                    .all(|finding| finding.rule.starts_with("TP")),
                "{}: the example is refused: {checked:#?}",
                rule.id
            );
            assert_eq!(found(&checked, rule), expected, "{}: {checked:#?}", rule.id);
        }
    }
}

#[test]
fn every_rule_has_a_page_that_says_what_it_is_and_every_page_a_rule() {
    let index = fs::read_to_string(pages().join("README.md")).unwrap();
    let mut ids = BTreeSet::new();
    for rule in rules() {
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        let head = format!("# {}: {}\n\nSeverity: {}.\n", rule.id, rule.title, rule.severity);
        assert!(rule.page.starts_with(&head), "{}: {head}", rule.id);
        let row = format!(
            "| [{0}]({0}.md) | {1} | {2} |\n",
            rule.id, rule.severity, rule.title
        );
        assert!(index.contains(&row), "README.md lacks: {row}");
    }
    for entry in fs::read_dir(pages()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let id = name.strip_suffix(".md").unwrap();
        assert!(
            id == "README" || ids.contains(id),
            "{name} is the page of no rule"
        );
    }
    assert!(ids.len() >= 15);
}

#[test]
fn every_finding_names_a_field_and_says_what_to_do() {
    for rule in rules() {
        for finding in checked(resource(&examples(rule.page)[0])).findings {
            assert!(
                finding.field_path.starts_with("spec.") || finding.field_path.starts_with("metadata."),
                "{finding:?}"
            );
            assert!(
                !finding.message.is_empty() && !finding.next_action.is_empty(),
                "{finding:?}"
            );
        }
    }
}

#[test]
fn an_annotation_with_a_reason_passes_rules_over() {
    let ignoring = |text: &str| {
        checked(json!({
            "apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform",
            "metadata": {"name": "todo", "annotations": {"todoplatform.dev/lint-ignore": text}},
            "spec": {"services": {"task": {"replicas": 0}}, "auth": {"clockSkewSeconds": 600}},
        }))
    };
    let counted = |text: &str| {
        ignoring(text)
            .counted()
            .map(|finding| finding.rule.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(counted(""), ["TP018", "TP008"]);
    assert_eq!(counted("TP018: a test; tp008: slow clocks"), Vec::<String>::new());
    assert_eq!(counted("TP018,TP008: a test"), Vec::<String>::new());
    assert_eq!(counted("TP018"), ["TP000", "TP018", "TP008"]);
    assert_eq!(counted("TP999: what"), ["TP000", "TP018", "TP008"]);
    let ignored = ignoring("TP018: a test: of two").findings;
    assert_eq!(ignored.last().unwrap().ignored.as_deref(), Some("a test: of two"));
    // An error cannot hide: what is refused is no advice.
    assert_eq!(ignoring("InvalidSpec: no").worst(), Some(Severity::Warn));
}

#[test]
fn rules_are_found_however_their_id_is_written() {
    assert_eq!(rule_of("tp017").map(|rule| rule.id), Some("TP017"));
    assert!(rule_of("TP9").is_none());
}
