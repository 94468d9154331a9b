//! The cases of alerts: series that let one fire, and series that do not. One folder per variant of [`crate::watched`], and
//! one for the operator's chart, [`crate::chart`].
//!
//! Series are written as promtool takes them; every minute has a sample. `S` stands for what all targets have in common.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::Deserialize;
use todoplatform_kinds::monitoring::Rule;

/// One alert with two days, a bad one and a good one.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) alert: String,
    pub(crate) fires: Fires,
    pub(crate) silent: Silent,
}

/// What lets it fire.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fires {
    pub(crate) at: String,
    pub(crate) series: Vec<String>,
    /// What fires then, all of it.
    pub(crate) alerts: Vec<Expected>,
}

/// An alert that fires, as people are told of it.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// Of an alert of a platform what comes on top of namespace, platform, severity and family; of one of the chart all.
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) summary: String,
    pub(crate) description: String,
}

/// What does not.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Silent {
    pub(crate) at: String,
    pub(crate) series: Vec<String>,
}

/// Where the cases of a variant are.
pub(crate) fn folder(variant: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/alerts")
        .join(variant)
}

/// The cases of a variant.
pub(crate) fn cases(variant: &str) -> Vec<Case> {
    let entries = fs::read_dir(folder(variant)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    texts
        .flat_map(|text| serde_yaml::from_str::<Vec<Case>>(&text).unwrap())
        .collect()
}

impl Case {
    /// Whether the rule is one that the case is about.
    pub(crate) fn is_about(&self, rule: &Rule) -> bool {
        let is_named = rule.record.is_some() || rule.alert.as_ref() == Some(&self.alert);
        is_named
            && self.fires.alerts.iter().any(|Expected { labels, .. }| {
                labels
                    .iter()
                    .all(|(name, value)| rule.labels.get(name).is_none_or(|own| own == value))
            })
    }
}

/// The page of an alert in `docs/runbooks`, as Helm's `kebabcase` has it.
pub(crate) fn runbook(alert: &str) -> String {
    let mut name = String::new();
    for c in alert.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name + ".md"
}
