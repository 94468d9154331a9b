//! Alerts and the dashboard of the operator's chart: of metrics that there are, each alert with a runbook.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use todoplatform_operator::metrics::catalog::METRICS;
use todoplatform_render::observability::metrics::series;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The chart's name for what is about Dapr and not about the operator.
const DAPR: &str = "dapr-control-plane";

/// Each alert with the name of its group.
fn grouped() -> Vec<(String, Value)> {
    let file = project("charts/todoplatform-operator/files/alerts.yaml");
    let rules: Value = serde_yaml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let groups = rules["groups"].as_array().unwrap().iter();
    groups
        .flat_map(|group| {
            let name = group["name"].as_str().unwrap();
            let rules = group["rules"].as_array().unwrap().iter();
            rules.map(|rule| (name.to_owned(), rule.clone()))
        })
        .collect()
}

fn alerts() -> Vec<Value> {
    grouped().into_iter().map(|(_group, alert)| alert).collect()
}

/// Names of the operator's metrics in a text, without what a histogram adds.
fn metrics(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("todoplatform_") {
        let name: String = text[at..].chars().take_while(|c| is_name(*c)).collect();
        found.insert(name.strip_suffix("_bucket").unwrap_or(&name).to_owned());
    }
    found
}

#[test]
fn alerts_and_dashboard_use_metrics_that_there_are() {
    let known: BTreeSet<String> = METRICS
        .iter()
        .map(todoplatform_operator::metrics::catalog::Metric::full_name)
        .collect();
    for file in ["files/alerts.yaml", "files/dashboard.json"] {
        let path = project("charts/todoplatform-operator").join(file);
        let used = metrics(&std::fs::read_to_string(path).unwrap());
        assert!(!used.is_empty());
        let unknown: Vec<&String> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}

#[test]
fn each_alert_has_a_runbook_and_each_runbook_an_alert() {
    let expected: BTreeSet<String> = alerts()
        .iter()
        .map(|alert| format!("{}.md", kebab(alert["alert"].as_str().unwrap())))
        .collect();
    let pages: BTreeSet<String> = std::fs::read_dir(project("docs/runbooks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|page| page.starts_with("todo-operator-") || expected.contains(page))
        .collect();
    assert_eq!(pages, expected);
    for page in pages {
        let text = std::fs::read_to_string(project("docs/runbooks").join(&page)).unwrap();
        for heading in ["## What it means", "## What to do"] {
            assert!(text.contains(heading), "{page} lacks {heading}");
        }
    }
}

#[test]
fn each_alert_says_how_bad_it_is_and_what_has_happened() {
    for alert in alerts() {
        let severity = alert["labels"]["severity"].as_str().unwrap();
        // The one that nobody is told of: it keeps others from being told.
        let is_inhibitor = alert["alert"] == "TodoPlatformPaused";
        let allowed: &[&str] = if is_inhibitor {
            &["none"]
        } else {
            &["critical", "warning"]
        };
        assert!(allowed.contains(&severity), "{alert}");
        assert!(alert["for"].is_string(), "{alert}");
        for text in ["summary", "description"] {
            assert!(
                !alert["annotations"][text].as_str().unwrap().is_empty(),
                "{alert}"
            );
        }
    }
}

#[test]
fn each_alert_about_the_operator_reads_the_operator_and_the_others_what_dapr_has() {
    for (group, alert) in grouped() {
        let expr = alert["expr"].as_str().unwrap();
        if group != DAPR {
            // Another operator may have the same name elsewhere; what is of a platform has the platform's namespace.
            for (at, _) in expr.match_indices("todoplatform_") {
                let own = if expr[at..].starts_with("todoplatform_platform_") {
                    "{job=\"JOB\""
                } else {
                    "{namespace=\"NAMESPACE\",job=\"JOB\""
                };
                let (_name, labels) = expr[at..].split_at(expr[at..].find('{').unwrap());
                assert!(labels.starts_with(own), "{alert}");
            }
            continue;
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let names: Vec<&str> = expr
            .split(|c| !is_name(c))
            .filter(|word| word.starts_with("dapr_"))
            .collect();
        assert!(!names.is_empty(), "{alert}");
        for name in names {
            assert!(series(name).is_some(), "{name} is not in the catalogue");
        }
    }
}

/// As Helm's `kebabcase` has it.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(c.to_ascii_lowercase());
    }
    kebab
}
