//! Alerts, their cases and their runbooks are three lists of the same names.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod cases;
mod chart;
mod common;
mod watched;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cases::{Case, cases, folder, runbook};
use todoplatform_kinds::monitoring::Rule;
use todoplatform_render::observability::alerts::ALERTS;
use watched::{rules, variants};

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The rules of every variant, and of the operator's chart.
fn all_rules() -> Vec<(&'static str, Vec<Rule>)> {
    let variants = variants().into_iter();
    variants
        .map(|(name, platform)| (name, rules(&platform)))
        .chain([(chart::CHART, chart::alerts())])
        .collect()
}

/// The names of alerts with all that they say.
fn expressions(rules: Vec<Rule>) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::<_, BTreeSet<_>>::new();
    for rule in rules {
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
    for (variant, rules) in all_rules() {
        let known = expressions(rules);
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
    for (variant, rules) in all_rules() {
        for case in cases(variant) {
            let Case { alert, fires, silent } = &case;
            let is_about = |rule: &Rule| rule.alert.is_some() && case.is_about(rule);
            assert!(rules.iter().any(is_about), "{variant}: {alert}");
            assert!(!fires.alerts.is_empty(), "{variant}: {alert}");
            assert_ne!(fires.series, silent.series, "{variant}: {alert}");
            for at in [&fires.at, &silent.at] {
                assert!(at.ends_with(['m', 'h']), "{variant}: {alert} at {at}");
            }
        }
    }
}

/// What the chart tells of has a namespace as what platforms tell of has, by which it is routed.
#[test]
fn every_alert_of_the_chart_names_a_namespace() {
    for case in cases(chart::CHART) {
        for expected in &case.fires.alerts {
            assert!(expected.labels.contains_key("namespace"), "{}", case.alert);
            assert!(expected.labels.contains_key("severity"), "{}", case.alert);
        }
    }
}

#[test]
fn every_folder_of_cases_is_read() {
    let parent = folder("");
    let folders: BTreeSet<String> = fs::read_dir(parent)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let known: BTreeSet<String> = all_rules().iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(folders, known);
}

/// What is filled in with nothing leaves a gap.
#[test]
fn every_case_tells_people_something_whole() {
    const GAPS: [&str; 14] = [
        "  ",
        "{",
        "}",
        "<no value>",
        "%!",
        "/ ",
        " /",
        "//",
        "= ",
        "=,",
        " .",
        " ,",
        " :",
        " ;",
    ];
    for (variant, _) in all_rules() {
        for case in cases(variant) {
            for expected in &case.fires.alerts {
                for text in [&expected.summary, &expected.description] {
                    assert!(!text.is_empty(), "{variant}: {}", case.alert);
                    assert_eq!(text.trim(), text, "{variant}: {}", case.alert);
                    let gap = GAPS.into_iter().find(|gap| text.contains(gap));
                    assert_eq!(gap, None, "{variant}: {}: {text}", case.alert);
                }
            }
        }
    }
}

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let of_chart = chart::alerts().into_iter().filter_map(|rule| rule.alert);
    let own = ALERTS
        .iter()
        .flat_map(|area| *area)
        .map(|alert| alert.name.to_owned());
    let expected: BTreeSet<String> = own.chain(of_chart).map(|alert| runbook(&alert)).collect();
    let pages: BTreeSet<String> = fs::read_dir(project("docs/runbooks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    assert_eq!(pages, expected);
}

#[test]
fn every_runbook_says_what_it_means_how_to_confirm_and_what_to_do() {
    let of_chart = chart::alerts().into_iter().filter_map(|rule| rule.alert);
    let own = ALERTS
        .iter()
        .flat_map(|area| *area)
        .map(|alert| alert.name.to_owned());
    for alert in own.chain(of_chart) {
        let page = format!("docs/runbooks/{}", runbook(&alert));
        let text = fs::read_to_string(project(&page)).unwrap();
        assert!(text.starts_with(&format!("# {alert}\n")), "{page}");
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
