//! The cases of alerts: series that let one fire, and series that do not. One file per variant of [`crate::watched`].

use std::{collections::BTreeMap, fs, path::Path};

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
    /// Of each alert that fires, what comes on top of the labels of all.
    pub(crate) labels: Vec<BTreeMap<String, String>>,
}

/// What does not.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Silent {
    pub(crate) at: String,
    pub(crate) series: Vec<String>,
}

/// The cases of a variant; none for one that has the rules of another.
pub(crate) fn cases(variant: &str) -> Vec<Case> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/alerts/{variant}.yaml"));
    if !file.exists() {
        return Vec::new();
    }
    serde_yaml::from_str(&fs::read_to_string(&file).unwrap()).unwrap()
}

impl Case {
    /// Whether the rule is one that the case is about.
    pub(crate) fn is_about(&self, rule: &Rule) -> bool {
        let is_named = rule.record.is_some() || rule.alert.as_ref() == Some(&self.alert);
        is_named
            && self.fires.labels.iter().any(|labels| {
                labels
                    .iter()
                    .all(|(name, value)| rule.labels.get(name).is_none_or(|own| own == value))
            })
    }
}
