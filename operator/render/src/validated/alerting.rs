//! The platform's alerts and objectives.

use std::collections::BTreeMap;

use todoplatform_api::AlertSeverity;

use crate::observability::slo::{Indicator, Percentage};

/// The platform's alerts and objectives.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AlertingSettings {
    /// Labels of every alert.
    pub labels: BTreeMap<String, String>,
    /// Where the runbooks are, without a slash at the end.
    pub runbook_url: String,
    /// What differs, by the alert's name.
    pub overrides: BTreeMap<String, AlertOverrideSettings>,
    /// How good the platform is meant to be, by the objective's name.
    pub slos: BTreeMap<String, SloSettings>,
}

/// What differs for one alert.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AlertOverrideSettings {
    /// Whether it is made.
    pub enabled: bool,
    /// How bad it is; none as the catalogue says.
    pub severity: Option<AlertSeverity>,
    /// For how long it must hold; none as the catalogue says.
    #[serde(rename = "for")]
    pub for_: Option<String>,
    /// The number that it compares with; none as the catalogue says.
    pub threshold: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// One objective.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SloSettings {
    /// What it is about.
    #[serde(skip)]
    pub indicator: Indicator,
    /// Percentage that must be good.
    pub objective: Percentage,
    /// What is in time, in milliseconds.
    pub threshold_milliseconds: Option<i32>,
    /// How much there must be in an hour before somebody is told.
    pub minimum_per_hour: i32,
}
