//! One PodDisruptionBudget per application of two pods or more.

use k8s_openapi::{
    api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};

use super::object::{child, metadata, selector};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    validated::{App, DisruptionBudget},
};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    platform
        .apps
        .iter()
        .filter_map(|app| Some(budget(platform, app, app.disruption_budget?)))
        .collect()
}

fn budget(platform: &ValidatedPlatform, app: &App, wanted: DisruptionBudget) -> Child {
    let component = app.node.name.as_str();
    let (min_available, max_unavailable) = match wanted {
        DisruptionBudget::MinAvailable(pods) => (Some(IntOrString::Int(pods)), None),
        DisruptionBudget::MaxUnavailable(pods) => (None, Some(IntOrString::Int(pods))),
    };
    let object = PodDisruptionBudget {
        metadata: metadata(platform, &platform.names.app_id(component), Some(component)),
        spec: Some(PodDisruptionBudgetSpec {
            min_available,
            max_unavailable,
            selector: Some(selector(platform, component)),
            // A pod that is not ready serves nobody: it must not keep its node from being drained.
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".into()),
        }),
        status: None,
    };
    child(ChildKind::PodDisruptionBudget, Some(component), &object)
}
