//! Alerts, their cases and their runbooks are three lists of the same names.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod cases;
mod common;
mod watched;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cases::{Case, cases};
use serde_json::Value;
use todoplatform_kinds::monitoring::Rule;
use todoplatform_render::observability::alerts::ALERTS;
use watched::{rules, variants};

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The names of a variant's alerts with all that they say.
fn expressions(variant: &str) -> BTreeMap<String, BTreeSet<String>> {
    let platform = variants()
        .into_iter()
        .find(|(name, _)| *name == variant)
        .unwrap()
        .1;
    let mut found = BTreeMap::<_, BTreeSet<_>>::new();
    for rule in rules(&platform) {
        if let Some(alert) = rule.alert {
            found.entry(alert).or_default().insert(rule.expr);
        }
    }
    found
}

/// What an expression reads, without whose it is.
fn read(expressions: &BTreeSet<String>) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = expressions.iter().flat_map(|text| text.split('{'));
    let names = words.filter_map(|text| text.rsplit(|c| !is_name(c)).next());
    names.map(ToOwned::to_owned).collect()
}

#[test]
fn every_alert_of_every_variant_has_a_case_and_every_case_an_alert() {
    let mut tested: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (variant, _) in variants() {
        let known = expressions(variant);
        let cases: BTreeSet<String> = cases(variant).into_iter().map(|case| case.alert).collect();
        for case in &cases {
            let expressions = known
                .get(case)
                .unwrap_or_else(|| unreachable!("{variant} has no {case}"));
            tested.entry(case.clone()).or_default().extend(read(expressions));
        }
        for (alert, expressions) in &known {
            let untested: Vec<String> = read(expressions)
                .difference(tested.get(alert).unwrap_or(&BTreeSet::new()))
                .cloned()
                .collect();
            assert!(
                untested.is_empty(),
                "{variant}: no case of {alert} with {untested:?}"
            );
        }
    }
}

#[test]
fn every_case_is_about_a_rule_and_has_two_days() {
    for (variant, platform) in variants() {
        for case in cases(variant) {
            let Case { alert, fires, silent } = &case;
            let is_about = |rule: &Rule| rule.alert.is_some() && case.is_about(rule);
            assert!(rules(&platform).iter().any(is_about), "{variant}: {alert}");
            assert!(!fires.labels.is_empty(), "{variant}: {alert}");
            assert_ne!(fires.series, silent.series, "{variant}: {alert}");
            for at in [&fires.at, &silent.at] {
                assert!(at.ends_with(['m', 'h']), "{variant}: {alert} at {at}");
            }
        }
    }
}

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let chart = fs::read_to_string(project("charts/todoplatform-operator/files/alerts.yaml")).unwrap();
    let chart: Value = serde_yaml::from_str(&chart).unwrap();
    let of_chart = chart["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap())
        .map(|rule| rule["alert"].as_str().unwrap().to_owned());
    let own = ALERTS
        .iter()
        .flat_map(|area| *area)
        .map(|alert| alert.name.to_owned());
    let expected: BTreeSet<String> = own
        .chain(of_chart)
        .map(|alert| format!("{}.md", kebab(&alert)))
        .collect();
    let pages: BTreeSet<String> = fs::read_dir(project("docs/runbooks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    assert_eq!(pages, expected);
}

#[test]
fn every_runbook_of_a_platform_says_what_it_means_how_to_confirm_and_what_to_do() {
    for alert in ALERTS.iter().flat_map(|area| *area) {
        let page = format!("docs/runbooks/{}.md", kebab(alert.name));
        let text = fs::read_to_string(project(&page)).unwrap();
        assert!(text.starts_with(&format!("# {}\n", alert.name)), "{page}");
        let mut rest = text.as_str();
        for heading in ["## What it means", "## How to confirm", "## What to do"] {
            let (_before, after) = rest
                .split_once(heading)
                .unwrap_or_else(|| unreachable!("{page} lacks {heading}"));
            rest = after;
        }
        assert!(text.contains("kubectl"), "{page} names no command");
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
