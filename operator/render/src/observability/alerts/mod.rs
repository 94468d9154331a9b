//! What a platform is watched by: series that are recorded and alerts, one file per area.

mod availability;
mod broker;
mod dapr;
mod data;
mod kafka;
mod klag;
mod objectives;
mod redis;
mod redpanda;
mod scope;
mod workloads;

use todoplatform_api::AlertSeverity;
use todoplatform_kinds::monitoring::Group;

use super::metrics::{SOURCES, Source};
use crate::ValidatedPlatform;
use scope::Scope;
pub(crate) use scope::kebab;

/// Whether a label says where an alert comes from or what it is about: then nobody else sets it.
pub fn is_reserved(label: &str) -> bool {
    let own = ["alertname", "severity", "family", "slo", "window", "signal"];
    let has_label = |source: &Source| {
        source.target_labels.contains(&label)
            || source.metrics.iter().any(|metric| metric.labels.contains(&label))
    };
    own.contains(&label) || SOURCES.iter().any(has_label)
}

/// One alert, whatever the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its name; also that of its runbook.
    pub name: &'static str,
    /// How bad it is.
    pub severity: AlertSeverity,
    /// What it is about: a critical alert silences the warnings of its family.
    pub family: &'static str,
    /// For how long it must hold (`5m`).
    pub for_: &'static str,
    /// For how long it stays after that: for what happens in a moment.
    pub keep_firing_for: Option<&'static str>,
    /// The number that it compares with, where it has one.
    pub threshold: Option<Threshold>,
    /// One line with the subject.
    pub summary: &'static str,
    /// What it means and the first command.
    pub description: &'static str,
    /// The dashboard that shows it.
    pub dashboard: &'static str,
}

/// The number that an alert compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// As it is written.
    pub default: &'static str,
    /// What it counts.
    pub unit: &'static str,
}

/// Every alert, by area.
pub const ALERTS: &[&[Alert]] = &[
    availability::ALERTS,
    objectives::ALERTS,
    dapr::ALERTS,
    broker::ALERTS,
    data::ALERTS,
    workloads::ALERTS,
];

/// The alert of this name.
pub fn alert(name: &str) -> Option<&'static Alert> {
    let mut all = ALERTS.iter().flat_map(|area| *area);
    all.find(|alert| alert.name == name)
}

/// The rules of one area: one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// The last part of the object's name.
    pub name: &'static str,
    /// Its rules.
    pub groups: Vec<Group>,
}

/// Everything that the platform is watched by. Nothing about what is switched off, paused or has no pods.
pub fn areas(platform: &ValidatedPlatform) -> Vec<Area> {
    let Some(scope) = Scope::new(platform) else {
        return Vec::new();
    };
    let area = |name, rules| Area {
        name,
        groups: vec![scope.group(name, rules)],
    };
    let mut areas = vec![
        area("availability", availability::rules(&scope)),
        Area {
            name: "slo",
            groups: objectives::groups(&scope),
        },
        area("dapr", dapr::rules(&scope)),
        area("broker", broker::rules(&scope)),
        area("data", data::rules(&scope)),
        area("workloads", workloads::rules(&scope)),
    ];
    for area in &mut areas {
        area.groups.retain(|group| !group.rules.is_empty());
    }
    areas.retain(|area| !area.groups.is_empty());
    areas
}
