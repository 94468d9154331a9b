//! One autoscaler per service that has one: a HorizontalPodAutoscaler, or a ScaledObject where the events that wait count and
//! KEDA is there. Never both: two would pull at the same number.

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HPAScalingRules, HorizontalPodAutoscaler, HorizontalPodAutoscalerBehavior,
    HorizontalPodAutoscalerSpec, MetricSpec, MetricTarget, ResourceMetricSource,
};

use super::{
    object::{child, metadata},
    scaled_object,
};
use crate::{
    Child, ChildKind, Facts, ValidatedPlatform,
    validated::{App, AutoscalingSettings},
};

pub(super) fn build(platform: &ValidatedPlatform, facts: &Facts) -> Vec<Child> {
    if platform.hibernated {
        return Vec::new();
    }
    let mut children = Vec::new();
    for app in &platform.apps {
        let Some(autoscaling) = app.autoscaling else {
            continue;
        };
        match autoscaling.broker_lag {
            Some(lag) if facts.has_keda() => {
                children.push(scaled_object::build(platform, app, autoscaling, lag));
            }
            _ => children.push(horizontal(platform, app, autoscaling)),
        }
    }
    if children.iter().any(|child| child.kind == ChildKind::ScaledObject) {
        children.extend(scaled_object::authentication(platform));
    }
    children
}

fn horizontal(platform: &ValidatedPlatform, app: &App, autoscaling: AutoscalingSettings) -> Child {
    let component = app.node.name.as_str();
    let name = platform.names.app_id(component);
    let cpu = metric("cpu", autoscaling.cpu);
    let memory = autoscaling.memory.map(|percent| metric("memory", percent));
    let scaler = HorizontalPodAutoscaler {
        metadata: metadata(platform, &name, Some(component)),
        spec: Some(HorizontalPodAutoscalerSpec {
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".into()),
                kind: "Deployment".into(),
                name,
            },
            min_replicas: Some(autoscaling.min),
            max_replicas: autoscaling.max,
            metrics: Some(std::iter::once(cpu).chain(memory).collect()),
            behavior: Some(behavior(autoscaling)),
        }),
        status: None,
    };
    child(ChildKind::HorizontalPodAutoscaler, Some(component), &scaler)
}

/// Of the whole pod: what the sidecar has to do counts too.
fn metric(resource: &str, percent: i32) -> MetricSpec {
    MetricSpec {
        type_: "Resource".into(),
        resource: Some(ResourceMetricSource {
            name: resource.into(),
            target: MetricTarget {
                type_: "Utilization".into(),
                average_utilization: Some(percent),
                ..MetricTarget::default()
            },
        }),
        ..MetricSpec::default()
    }
}

/// How fast the number follows; the steps are Kubernetes' own.
pub(super) fn behavior(autoscaling: AutoscalingSettings) -> HorizontalPodAutoscalerBehavior {
    let rules = |seconds| HPAScalingRules {
        stabilization_window_seconds: Some(seconds),
        ..HPAScalingRules::default()
    };
    HorizontalPodAutoscalerBehavior {
        scale_up: Some(rules(autoscaling.up_window_seconds)),
        scale_down: Some(rules(autoscaling.down_window_seconds)),
    }
}
