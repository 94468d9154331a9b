//! Every alert fires when it should and not when it should not, by Prometheus' own judgement. The path of promtool is
//! in `TODO_TEST_PROMTOOL`.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod cases;
mod common;
mod watched;

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use cases::{Case, cases};
use serde_json::{Value, json};
use todoplatform_kinds::monitoring::Rule;
use todoplatform_render::{
    ValidatedPlatform,
    observability::alerts::{alert, areas},
};
use watched::{rules, variants};

/// What the targets of the platform have in common.
const OWN: &str = r#"namespace="team",platform="todo""#;

fn promtool(args: &[&str], folder: &Path) {
    let program = std::env::var("TODO_TEST_PROMTOOL").expect("TODO_TEST_PROMTOOL names promtool");
    let answer = Command::new(program)
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = [answer.stdout, answer.stderr].concat();
    assert!(
        answer.status.success(),
        "promtool {args:?}: {}",
        String::from_utf8_lossy(&said)
    );
}

fn write(folder: &Path, name: &str, content: &Value) {
    fs::write(folder.join(name), serde_yaml::to_string(content).unwrap()).unwrap();
}

#[test]
fn every_object_is_well_formed() {
    for (variant, platform) in variants() {
        let folder = tempfile::tempdir().unwrap();
        for area in areas(&platform) {
            let file = format!("{variant}-{}.yaml", area.name);
            write(folder.path(), &file, &json!({"groups": area.groups}));
            promtool(
                &["check", "rules", "--lint=all", "--lint-fatal", &file],
                folder.path(),
            );
        }
    }
}

#[test]
fn every_alert_fires_when_it_should_and_only_then() {
    for (variant, platform) in variants() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for (index, case) in cases(variant).iter().enumerate() {
            let rules = format!("rules-{index}.yaml");
            write(folder.path(), &rules, &rules_of(case, &platform));
            let file = format!("{index}-{}.yaml", case.alert);
            write(folder.path(), &file, &test_of(case, &rules));
            files.push(file);
        }
        if !files.is_empty() {
            let mut args = vec!["test", "rules"];
            args.extend(files.iter().map(String::as_str));
            promtool(&args, folder.path());
        }
    }
}

/// What it tells people has the words that are in the labels and the value.
#[test]
fn annotations_are_filled_in() {
    let (_, platform) = variants().into_iter().find(|(name, _)| *name == "redis").unwrap();
    let rule = rules(&platform)
        .into_iter()
        .find(|rule| rule.alert.as_deref() == Some("TodoOutboxStalled"))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "rules.yaml",
        &json!({"groups": [{"name": "one", "rules": [rule]}]}),
    );
    let mut annotations = rule.annotations;
    for (name, text) in [
        ("summary", "Events of todo-task do not get out"),
        (
            "description",
            "The oldest event in the outbox has waited for 2m 0s. None is lost. Look at: kubectl -n team logs deployment/todo-task -c daprd",
        ),
    ] {
        annotations.insert(name.into(), text.into());
    }
    let mut labels = rule.labels;
    labels.insert("app_id".into(), "todo-task".into());
    let series = format!(r#"todo_outbox_oldest_age_seconds{{{OWN},app_id="todo-task"}}"#);
    let test = json!({
        "rule_files": ["rules.yaml"], "evaluation_interval": "1m",
        "tests": [{
            "interval": "1m",
            "input_series": [{"series": series, "values": "120x10"}],
            "alert_rule_test": [{
                "eval_time": "5m", "alertname": "TodoOutboxStalled",
                "exp_alerts": [{"exp_labels": labels, "exp_annotations": annotations}],
            }],
        }],
    });
    write(folder.path(), "test.yaml", &test);
    promtool(&["test", "rules", "test.yaml"], folder.path());
}

/// The rules that a case is about. Annotations have a test of their own; here only labels are compared.
fn rules_of(case: &Case, platform: &ValidatedPlatform) -> Value {
    let rules: Vec<Rule> = rules(platform)
        .into_iter()
        .filter(|rule| case.is_about(rule))
        .map(|rule| Rule {
            annotations: BTreeMap::new(),
            ..rule
        })
        .collect();
    assert!(!rules.is_empty(), "{} is not among the rules", case.alert);
    json!({"groups": [{"name": "one", "rules": rules}]})
}

fn test_of(case: &Case, rules: &str) -> Value {
    let known = alert(&case.alert).unwrap();
    let expected: Vec<Value> = case
        .fires
        .labels
        .iter()
        .map(|labels| {
            let mut labels = labels.clone();
            for (name, value) in [
                ("namespace", "team"),
                ("platform", "todo"),
                ("severity", known.severity.as_str()),
                ("family", known.family),
            ] {
                labels.insert(name.into(), value.into());
            }
            json!({"exp_labels": labels})
        })
        .collect();
    json!({
        "rule_files": [rules],
        "evaluation_interval": "1m",
        "tests": [
            test("fires", &case.alert, &case.fires.at, &case.fires.series, &expected),
            test("is silent", &case.alert, &case.silent.at, &case.silent.series, &[]),
        ],
    })
}

fn test(name: &str, alert: &str, at: &str, series: &[String], expected: &[Value]) -> Value {
    let input: Vec<Value> = series
        .iter()
        .map(|line| {
            let (series, values) = line.split_once("} ").unwrap();
            let series = series.replace("{S", &format!("{{{OWN}"));
            json!({"series": series + "}", "values": values})
        })
        .collect();
    json!({
        "name": name,
        "interval": "1m",
        "input_series": input,
        "alert_rule_test": [{"eval_time": at, "alertname": alert, "exp_alerts": expected}],
    })
}
