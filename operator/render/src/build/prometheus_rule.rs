//! PrometheusRule: one per area that the platform is watched in.

use todoplatform_kinds::monitoring::{PrometheusRule, PrometheusRuleSpec};

use super::object::{child, metadata, selected_by};
use crate::{Child, ChildKind, ValidatedPlatform, observability::alerts::areas};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let Some(monitoring) = &platform.monitoring else {
        return Vec::new();
    };
    let objects = areas(platform).into_iter().map(|area| {
        let name = platform.names.child(area.name);
        let mut object = PrometheusRule::new(&name, PrometheusRuleSpec { groups: area.groups });
        object.metadata = metadata(platform, &name, None);
        selected_by(&mut object.metadata, &monitoring.labels);
        child(ChildKind::PrometheusRule, None, &object)
    });
    objects.collect()
}
