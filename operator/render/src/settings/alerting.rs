//! The platform's alerts and objectives.

use std::collections::BTreeMap;

use todoplatform_api::{AlertOverride, Alerting, SloObjective, Slos};

use super::Resolver;
use crate::{
    Violation,
    graph::Node,
    observability::{
        alerts::{self, Alert},
        slo::{self, Indicator, Percentage},
    },
    validate::INVALID_SPEC,
    validated::{AlertOverrideSettings, AlertingSettings, SloSettings},
};

/// The pages of this repository.
const RUNBOOKS: &str = "https://github.com/todoplatform/todoplatform/blob/main/docs/runbooks";
/// One in a hundred seconds.
const MINIMUM_PER_HOUR: i32 = 36;
const ALERTING: &str = "spec.observability.alerting";
const SLOS: &str = "spec.observability.slos";

impl Resolver<'_> {
    /// None when no alerts are wanted, or nothing is scraped.
    pub(super) fn alerting(
        &self,
        nodes: &[&Node],
        violations: &mut Vec<Violation>,
    ) -> Option<AlertingSettings> {
        let section = self.spec.observability.as_ref();
        let alerting = section.and_then(|section| section.alerting.as_ref());
        let slos = section.and_then(|section| section.slos.as_ref());
        // Faults are told also of what is switched off.
        let overrides = overrides(alerting, violations);
        check_labels(alerting, violations);
        let slos = objectives(slos, nodes, violations);
        let is_wanted = alerting.and_then(|section| section.enabled).unwrap_or(true);
        (is_wanted && self.is_monitored()).then(|| AlertingSettings {
            labels: alerting.map_or_else(BTreeMap::new, |section| section.labels.clone()),
            runbook_url: alerting
                .and_then(|section| section.runbook_url.clone())
                .unwrap_or_else(|| RUNBOOKS.into()),
            overrides,
            slos,
        })
    }
}

fn overrides(
    section: Option<&Alerting>,
    violations: &mut Vec<Violation>,
) -> BTreeMap<String, AlertOverrideSettings> {
    let mut overrides = BTreeMap::new();
    for (index, wanted) in section
        .into_iter()
        .flat_map(|section| &section.overrides)
        .enumerate()
    {
        let path = format!("{ALERTING}.overrides[{index}]");
        let Some(alert) = alerts::alert(&wanted.name) else {
            let names = alerts::ALERTS
                .iter()
                .flat_map(|area| *area)
                .map(|alert| alert.name);
            violations.push(unknown(&path, "alert", &wanted.name, names));
            continue;
        };
        violations.extend(without_threshold(&path, wanted, alert));
        overrides.insert(
            wanted.name.clone(),
            AlertOverrideSettings {
                enabled: wanted.enabled.unwrap_or(true),
                severity: wanted.severity,
                for_: wanted.for_.clone(),
                threshold: wanted.threshold.clone(),
                labels: wanted.labels.clone(),
            },
        );
    }
    overrides
}

fn without_threshold(path: &str, wanted: &AlertOverride, alert: &Alert) -> Option<Violation> {
    (wanted.threshold.is_some() && alert.threshold.is_none()).then(|| Violation {
        field_path: format!("{path}.threshold"),
        reason: INVALID_SPEC,
        message: format!("{} compares with no number", alert.name),
        next_action: format!("Remove {path}.threshold"),
    })
}

/// A label that every alert has says where it comes from and how bad it is; one with another name than Prometheus
/// takes makes the whole object invalid.
fn check_labels(section: Option<&Alerting>, violations: &mut Vec<Violation>) {
    let Some(section) = section else { return };
    let of_all = (format!("{ALERTING}.labels"), &section.labels);
    let of_each = section
        .overrides
        .iter()
        .enumerate()
        .map(|(index, wanted)| (format!("{ALERTING}.overrides[{index}].labels"), &wanted.labels));
    for (path, labels) in std::iter::once(of_all).chain(of_each) {
        for name in labels.keys() {
            let field_path = format!("{path}.{name}");
            if alerts::is_reserved(name) {
                violations.push(Violation {
                    field_path,
                    reason: INVALID_SPEC,
                    message: format!("label {name} says what an alert is about"),
                    next_action: "Choose another name for the label".into(),
                });
            } else if !is_label_name(name) {
                violations.push(Violation {
                    field_path,
                    reason: INVALID_SPEC,
                    message: format!(
                        "{name} is no label of Prometheus: letters, digits and `_`, no digit first"
                    ),
                    next_action: "Choose another name for the label, such as `team`".into(),
                });
            }
        }
    }
}

fn is_label_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn objectives(
    section: Option<&Slos>,
    nodes: &[&Node],
    violations: &mut Vec<Violation>,
) -> BTreeMap<String, SloSettings> {
    let known = slo::indicators(nodes);
    let wanted = section.map_or(&[][..], |section| &section.objectives);
    for (index, objective) in wanted.iter().enumerate() {
        let path = format!("{SLOS}.objectives[{index}]");
        match known.iter().find(|indicator| indicator.name() == objective.name) {
            None => {
                let names: Vec<_> = known.iter().map(Indicator::name).collect();
                let names = names.iter().map(String::as_str);
                violations.push(unknown(&path, "objective", &objective.name, names));
            }
            Some(indicator) => violations.extend(off_bounds(&path, objective, indicator)),
        }
    }
    if !section.and_then(|section| section.enabled).unwrap_or(true) {
        return BTreeMap::new();
    }
    known
        .into_iter()
        .filter_map(|indicator| {
            let name = indicator.name();
            let own = wanted.iter().find(|objective| objective.name == name);
            let is_wanted = own.and_then(|own| own.enabled).unwrap_or(true);
            is_wanted.then(|| (name, settings(indicator, own)))
        })
        .collect()
}

fn settings(indicator: Indicator, own: Option<&SloObjective>) -> SloSettings {
    let objective = own.and_then(|own| Percentage::parse(own.objective.as_deref()?));
    SloSettings {
        objective: objective.unwrap_or_else(|| indicator.default_percentage()),
        threshold_milliseconds: own
            .and_then(|own| own.threshold_milliseconds)
            .or_else(|| indicator.default_threshold()),
        minimum_per_hour: own
            .and_then(|own| own.minimum_per_hour)
            .unwrap_or(MINIMUM_PER_HOUR),
        indicator,
    }
}

/// Between two bounds a histogram knows nothing.
fn off_bounds(path: &str, objective: &SloObjective, indicator: &Indicator) -> Option<Violation> {
    let threshold = objective.threshold_milliseconds?;
    let bounds = indicator.bounds();
    if bounds.contains(&threshold) {
        return None;
    }
    let field_path = format!("{path}.thresholdMilliseconds");
    let (message, next_action) = if bounds.is_empty() {
        (
            format!("{} times nothing", objective.name),
            format!("Remove {field_path}"),
        )
    } else {
        let bounds: Vec<String> = bounds.iter().map(ToString::to_string).collect();
        (
            format!("{threshold} is no bound of the histogram that is read"),
            format!("Choose one of {}", bounds.join(", ")),
        )
    };
    Some(Violation {
        field_path,
        reason: INVALID_SPEC,
        message,
        next_action,
    })
}

fn unknown<'a>(path: &str, what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Violation {
    let mut known: Vec<_> = known.collect();
    known.sort_by_key(|other| (strsim::damerau_levenshtein(name, other), *other));
    known.truncate(3);
    Violation {
        field_path: format!("{path}.name"),
        reason: INVALID_SPEC,
        message: format!("there is no {what} `{name}`"),
        next_action: format!("Did you mean {}?", known.join(", ")),
    }
}
