//! What a rule is about, and the texts that follow from it.

use std::collections::BTreeMap;

use todoplatform_kinds::monitoring::{Group, Rule};

use super::Alert;
use crate::{
    ValidatedPlatform,
    observability::dashboard_uid,
    validated::{AlertingSettings, App, MonitoringSettings},
};

/// A platform, or a part of it, with what stands for it in the texts of rules: `<name>` is replaced.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    pub(super) platform: &'a ValidatedPlatform,
    pub(super) monitoring: &'a MonitoringSettings,
    alerting: &'a AlertingSettings,
    /// What stands for `<name>`.
    values: BTreeMap<&'static str, String>,
    /// Labels of every rule: aggregations drop labels, and Alertmanager routes by namespace.
    labels: BTreeMap<String, String>,
}

impl<'a> Scope<'a> {
    /// None where nothing is watched.
    pub(super) fn new(platform: &'a ValidatedPlatform) -> Option<Self> {
        if platform.hibernated {
            return None;
        }
        let (namespace, name) = (platform.names.namespace(), platform.names.platform());
        let mut scope = Self {
            platform,
            monitoring: platform.monitoring.as_ref()?,
            alerting: platform.alerting.as_ref()?,
            values: BTreeMap::new(),
            labels: BTreeMap::from([
                ("namespace".into(), namespace.into()),
                ("platform".into(), name.into()),
            ]),
        };
        let own = format!("namespace=\"{namespace}\",platform=\"{name}\"");
        let apps = scope.apps().into_iter().map(|app| scope.app_id(app)).collect();
        scope.values = BTreeMap::from([
            ("namespace", namespace.to_owned()),
            ("platform", name.to_owned()),
            ("own", own),
            ("apps", one_of("app_id", apps)),
        ]);
        Some(scope)
    }

    /// The applications that are meant to run: stopped on purpose is not down.
    pub(super) fn apps(&self) -> Vec<&'a App> {
        let apps = self.platform.apps.iter();
        apps.filter(|app| app.replicas > 0 && !app.paused).collect()
    }

    pub(super) fn app_id(&self, app: &App) -> String {
        self.platform.names.app_id(&app.node.name)
    }

    pub(super) fn slos(&self) -> &'a BTreeMap<String, crate::validated::SloSettings> {
        &self.alerting.slos
    }

    /// With a text for `<name>`.
    pub(super) fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut scope = self.clone();
        scope.values.insert(name, self.fill(&value.into()));
        scope
    }

    /// With a label on every rule, and its value for `<name>`.
    pub(super) fn labelled(&self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        let mut scope = self.with(name, value.clone());
        scope.labels.insert(name.into(), value);
        scope
    }

    /// With `<name>` for a matcher on these values exactly.
    pub(super) fn matching(&self, name: &'static str, label: &str, values: Vec<String>) -> Self {
        self.with(name, one_of(label, values))
    }

    /// A group that is evaluated as often as Prometheus is set to.
    pub(super) fn group(&self, area: &str, rules: Vec<Rule>) -> Group {
        Group {
            name: format!("{}.{area}", self.platform.names.platform()),
            interval: None,
            rules,
        }
    }

    pub(super) fn record(&self, name: &str, expr: &str) -> Rule {
        Rule {
            record: Some(name.into()),
            expr: self.fill(expr),
            labels: self.labels.clone(),
            ..Rule::default()
        }
    }

    /// The alert over this expression; none when it is switched off.
    pub(super) fn alert(&self, alert: &Alert, expr: &str) -> Option<Rule> {
        let differs = self.alerting.overrides.get(alert.name);
        if differs.is_some_and(|differs| !differs.enabled) {
            return None;
        }
        let threshold = differs
            .and_then(|differs| differs.threshold.as_deref())
            .or(alert.threshold.map(|threshold| threshold.default));
        let scope = self.with("threshold", threshold.unwrap_or_default());
        let severity = differs.and_then(|differs| differs.severity);
        let mut labels = self.alerting.labels.clone();
        labels.extend(differs.map(|differs| differs.labels.clone()).unwrap_or_default());
        labels.extend(self.labels.clone());
        labels.insert(
            "severity".into(),
            severity.unwrap_or(alert.severity).as_str().into(),
        );
        labels.insert("family".into(), alert.family.into());
        let for_ = differs
            .and_then(|differs| differs.for_.as_deref())
            .unwrap_or(alert.for_);
        let runbook = format!("{}/{}.md", self.alerting.runbook_url, kebab(alert.name));
        Some(Rule {
            record: None,
            alert: Some(alert.name.into()),
            expr: scope.fill(expr),
            for_: (for_ != "0s").then(|| for_.into()),
            keep_firing_for: alert.keep_firing_for.map(Into::into),
            labels,
            annotations: BTreeMap::from([
                ("summary".into(), scope.fill(alert.summary)),
                ("description".into(), scope.fill(alert.description)),
                ("runbook_url".into(), runbook),
                (
                    "dashboard_uid".into(),
                    dashboard_uid(&self.platform.names, alert.dashboard),
                ),
            ]),
        })
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.values {
            filled = filled.replace(&format!("<{name}>"), value);
        }
        filled
    }
}

/// A matcher on these values exactly: a dot is a dot.
fn one_of(label: &str, mut values: Vec<String>) -> String {
    values.sort();
    values.dedup();
    match values.as_slice() {
        [value] => format!("{label}=\"{value}\""),
        values => format!("{label}=~\"{}\"", values.join("|").replace('.', r"\\.")),
    }
}

/// What has gone up in 15 minutes. A counter that is born at 1 never increases: it counts when it is new.
pub(super) fn risen(counter: &str) -> String {
    format!("increase({counter}[15m]) > 0 or ({counter} unless {counter} offset 15m) > 0")
}

/// The file of an alert's runbook, without its extension: as Helm's `kebabcase` has it.
pub(crate) fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(c.to_ascii_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matcher_takes_its_values_and_nothing_like_them() {
        assert_eq!(one_of("app_id", vec!["a".into()]), r#"app_id="a""#);
        assert_eq!(
            one_of("topic", vec!["b.c".into(), "a".into(), "a".into()]),
            r#"topic=~"a|b\\.c""#
        );
    }

    #[test]
    fn a_runbook_is_named_as_helm_would() {
        assert_eq!(kebab("TodoSloBurnFast"), "todo-slo-burn-fast");
    }
}
