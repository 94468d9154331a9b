//! `spec.observability.dashboards` decided.

use std::collections::BTreeMap;

use todoplatform_api::{DashboardDelivery, Dashboards, GrafanaOperator};

use super::Resolver;
use crate::{
    ChildKind,
    validated::{DashboardSettings, GrafanaOperatorSettings},
};

impl Resolver<'_> {
    /// Unasked only where somebody is likely to look: the Prometheus operator and Grafana come together.
    pub(super) fn dashboards(&self) -> Option<DashboardSettings> {
        let nothing = Dashboards::default();
        let section = self
            .spec
            .observability
            .as_ref()
            .and_then(|section| section.dashboards.as_ref())
            .unwrap_or(&nothing);
        let delivery = section.delivery.unwrap_or_default();
        let has_prometheus = self.facts.optional_kinds.contains(&ChildKind::PrometheusRule);
        let is_expected = has_prometheus || delivery == DashboardDelivery::GrafanaOperator;
        let is_wanted = section
            .enabled
            .unwrap_or_else(|| self.is_monitored() && is_expected);
        is_wanted.then(|| DashboardSettings {
            labels: labels(section, delivery),
            annotations: section.annotations.clone(),
            grafana_operator: (delivery == DashboardDelivery::GrafanaOperator)
                .then(|| grafana_operator(section.grafana_operator.as_ref())),
        })
    }
}

fn labels(section: &Dashboards, delivery: DashboardDelivery) -> BTreeMap<String, String> {
    if section.labels.is_empty() && delivery == DashboardDelivery::ConfigMap {
        one("grafana_dashboard", "1")
    } else {
        section.labels.clone()
    }
}

fn grafana_operator(section: Option<&GrafanaOperator>) -> GrafanaOperatorSettings {
    let selector = section.map(|section| &section.instance_selector);
    GrafanaOperatorSettings {
        instance_selector: selector
            .filter(|selector| !selector.is_empty())
            .cloned()
            .unwrap_or_else(|| one("dashboards", "grafana")),
        folder: section.and_then(|section| section.folder.clone()),
        resync_period_seconds: section
            .and_then(|section| section.resync_period_seconds)
            .and_then(|seconds| u32::try_from(seconds).ok())
            .unwrap_or(600),
        allow_cross_namespace_import: section
            .and_then(|section| section.allow_cross_namespace_import)
            .unwrap_or(false),
    }
}

fn one(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}
