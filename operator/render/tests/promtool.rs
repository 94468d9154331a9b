//! Every alert fires when it should and not when it should not, and tells people what it should, by Prometheus' own judgement.
//!
//! Paths of promtools are in `TODO_TEST_PROMTOOL`, a list as `PATH` is one; Helm is in `TODO_TEST_HELM`.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod cases;
mod chart;
mod common;
mod watched;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use cases::{Case, Expected, cases, runbook};
use serde_json::{Value, json};
use todoplatform_kinds::monitoring::{Group, PrometheusRule, Rule};
use todoplatform_render::{
    ValidatedPlatform,
    observability::{
        alerts::{alert, areas},
        dashboard_uid,
    },
};
use watched::{rules, variants};

/// Where all pages are, unless somebody says otherwise.
const RUNBOOKS: &str = "https://github.com/todoplatform/todoplatform/blob/main/docs/runbooks";

/// What is watched: a platform, or the operator with what it sees.
struct Watched {
    name: &'static str,
    rules: Vec<Rule>,
    /// The same, by the file that Prometheus would read.
    files: Vec<(String, Vec<Group>)>,
    /// Labels that every target has.
    target: &'static str,
    /// None of the chart.
    platform: Option<ValidatedPlatform>,
}

impl Watched {
    fn all() -> Vec<Self> {
        let platforms = variants().into_iter().map(|(name, platform)| Self {
            name,
            rules: rules(&platform),
            files: areas(&platform)
                .into_iter()
                .map(|area| (format!("{name}-{}.yaml", area.name), area.groups))
                .collect(),
            target: r#"namespace="team",platform="todo""#,
            platform: Some(platform),
        });
        let chart = chart_by_helm();
        let chart = Self {
            name: chart::CHART,
            rules: chart.iter().flat_map(|group| group.rules.clone()).collect(),
            files: vec![("chart.yaml".into(), chart)],
            target: r#"namespace="todoplatform-system",job="todoplatform-operator-metrics""#,
            platform: None,
        };
        platforms.chain([chart]).collect()
    }

    /// Labels of an alert that no case names, for every alert has them.
    fn labels(&self, name: &str) -> BTreeMap<String, String> {
        if self.platform.is_none() {
            return BTreeMap::new();
        }
        let known = alert(name).unwrap();
        [
            ("namespace", "team"),
            ("platform", "todo"),
            ("severity", known.severity.as_str()),
            ("family", known.family),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// All that people are told.
    fn annotations(&self, name: &str, expected: &Expected) -> BTreeMap<&'static str, String> {
        let mut annotations = BTreeMap::from([
            ("summary", expected.summary.clone()),
            ("description", expected.description.clone()),
            ("runbook_url", format!("{RUNBOOKS}/{}", runbook(name))),
        ]);
        if let Some(platform) = &self.platform {
            let dashboard = alert(name).unwrap().dashboard;
            annotations.insert("dashboard_uid", dashboard_uid(&platform.names, dashboard));
        }
        annotations
    }

    /// The rules that a case is about, with what is recorded for them.
    fn rules_of(&self, case: &Case) -> Value {
        let mut rules: Vec<&Rule> = self.rules.iter().filter(|rule| case.is_about(rule)).collect();
        assert!(!rules.is_empty(), "{} is not among the rules", case.alert);
        let alerts = rules.iter().filter(|rule| rule.alert.is_some());
        // Days of what is recorded and not read take most of the time.
        let reads_recorded = alerts.flat_map(|rule| rule.expr.split('{')).any(|text| {
            let mut recorded = rules.iter().filter_map(|rule| rule.record.as_ref());
            recorded.any(|name| text.ends_with(name.as_str()))
        });
        rules.retain(|rule| rule.alert.is_some() || reads_recorded);
        json!({"groups": [{"name": "one", "rules": rules}]})
    }

    fn test_of(&self, case: &Case, rules: &str) -> Value {
        let expected: Vec<Value> = case
            .fires
            .alerts
            .iter()
            .map(|expected| {
                let mut labels = self.labels(&case.alert);
                labels.extend(expected.labels.clone());
                json!({"exp_labels": labels, "exp_annotations": self.annotations(&case.alert, expected)})
            })
            .collect();
        let (fires, silent) = (&case.fires, &case.silent);
        json!({
            "rule_files": [rules],
            "evaluation_interval": "1m",
            "tests": [
                self.test("fires", &case.alert, &fires.at, &fires.series, &expected),
                self.test("is silent", &case.alert, &silent.at, &silent.series, &[]),
            ],
        })
    }

    fn test(&self, name: &str, alert: &str, at: &str, series: &[String], expected: &[Value]) -> Value {
        let input: Vec<Value> = series
            .iter()
            .map(|line| {
                let (series, values) = line.split_once("} ").unwrap();
                let series = series.replace("{S", &format!("{{{}", self.target));
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
}

/// The rules of the operator's chart as it is installed under its own name.
fn chart_by_helm() -> Vec<Group> {
    let helm = env::var("TODO_TEST_HELM").unwrap_or_else(|_| "helm".into());
    let answer = Command::new(&helm)
        .args(["template", "todoplatform-operator"])
        .args(["--namespace", "todoplatform-system"])
        .arg(chart::folder())
        .args(["--api-versions", "monitoring.coreos.com/v1/PrometheusRule"])
        .args(["--set", "metrics.prometheusRule.enabled=true"])
        .args(["--set", "metrics.prometheusRule.daprControlPlane=true"])
        .args(["--show-only", "templates/prometheusrule.yaml"])
        .output()
        .unwrap_or_else(|error| unreachable!("{helm}: {error}"));
    let said = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success(), "helm template: {said}");
    let object: PrometheusRule = serde_yaml::from_slice(&answer.stdout).unwrap();
    object.spec.groups
}

/// All promtools: rules are right for the oldest Prometheus and for the newest.
fn promtools() -> Vec<PathBuf> {
    let list = env::var_os("TODO_TEST_PROMTOOL").expect("TODO_TEST_PROMTOOL names promtools");
    env::split_paths(&list).collect()
}

fn promtool(args: &[&str], folder: &Path) {
    for program in promtools() {
        let answer = Command::new(&program)
            .args(args)
            .current_dir(folder)
            .output()
            .unwrap_or_else(|error| unreachable!("{}: {error}", program.display()));
        let said = [answer.stdout, answer.stderr].concat();
        assert!(
            answer.status.success(),
            "{} {args:?}: {}",
            program.display(),
            String::from_utf8_lossy(&said)
        );
    }
}

fn write(folder: &Path, name: &str, content: &Value) {
    fs::write(folder.join(name), serde_yaml::to_string(content).unwrap()).unwrap();
}

#[test]
fn every_object_is_well_formed() {
    for watched in Watched::all() {
        let folder = tempfile::tempdir().unwrap();
        for (file, groups) in &watched.files {
            write(folder.path(), file, &json!({"groups": groups}));
            promtool(
                &["check", "rules", "--lint=all", "--lint-fatal", file],
                folder.path(),
            );
        }
    }
}

#[test]
fn every_alert_fires_when_it_should_and_only_then() {
    for watched in Watched::all() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for (index, case) in cases(watched.name).iter().enumerate() {
            let rules = format!("rules-{index}.yaml");
            write(folder.path(), &rules, &watched.rules_of(case));
            let file = format!("{index}-{}.yaml", case.alert);
            write(folder.path(), &file, &watched.test_of(case, &rules));
            files.push(file);
        }
        let mut args = vec!["test", "rules"];
        args.extend(files.iter().map(String::as_str));
        promtool(&args, folder.path());
    }
}

/// Alerts that the cases are about are those that are installed.
#[test]
fn helm_makes_an_alert_of_every_one_in_the_chart() {
    let names = |rules: Vec<Rule>| -> BTreeSet<String> {
        rules.into_iter().map(|rule| rule.alert.unwrap()).collect()
    };
    let installed = chart_by_helm().into_iter().flat_map(|group| group.rules);
    assert_eq!(names(installed.collect()), names(chart::alerts()));
}
