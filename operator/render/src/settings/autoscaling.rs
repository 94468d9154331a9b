//! The number of pods by load.

use todoplatform_api::{Autoscaling, ScalingWindow};

use super::Resolver;
use crate::{
    Violation,
    catalog::{self, Bounds},
    graph::Node,
    validate::INVALID_SPEC,
    validated::{AutoscalingSettings, BrokerLagSettings},
};

impl Resolver<'_> {
    /// The autoscaler of one component; none when its number of pods is fixed.
    pub(super) fn autoscaling(
        &self,
        node: &Node,
        section: Option<&todoplatform_api::Service>,
        violations: &mut Vec<Violation>,
    ) -> Option<AutoscalingSettings> {
        let own = section.and_then(|section| section.autoscaling.as_ref());
        let has_count = section.is_some_and(|section| section.replicas.is_some());
        let by_profile = own.is_some() || (!self.development() && !has_count);
        if !own.and_then(|own| own.enabled).unwrap_or(by_profile) {
            return None;
        }
        let by_default = Autoscaling::default();
        let own = own.unwrap_or(&by_default);
        if own.broker_lag.is_some() && node.consumes.is_empty() {
            violations.push(consumes_nothing(node));
        }
        let bounds = catalog::bounds(&node.name, self.profile);
        // One bound of the user's moves the other, so that the two stay a range.
        let min = own
            .min_replicas
            .unwrap_or_else(|| own.max_replicas.map_or(bounds.min, |max| bounds.min.min(max)));
        let Bounds { max, .. } = bounds;
        let behavior = own.behavior.as_ref();
        Some(AutoscalingSettings {
            min,
            max: own.max_replicas.unwrap_or_else(|| max.max(min)),
            cpu: own.target_cpu_utilization_percentage.unwrap_or(70),
            memory: own.target_memory_utilization_percentage,
            up_window_seconds: window(behavior.and_then(|behavior| behavior.scale_up.as_ref())).unwrap_or(0),
            down_window_seconds: window(behavior.and_then(|behavior| behavior.scale_down.as_ref()))
                .unwrap_or(300),
            broker_lag: own.broker_lag.as_ref().map(|lag| BrokerLagSettings {
                threshold: lag.threshold.unwrap_or(100),
                activation: lag.activation.unwrap_or(0),
            }),
        })
    }
}

fn window(window: Option<&ScalingWindow>) -> Option<i32> {
    window?.stabilization_window_seconds
}

fn consumes_nothing(node: &Node) -> Violation {
    let component = &node.name;
    let field_path = format!("{}.autoscaling.brokerLag", node.field_path);
    Violation {
        reason: INVALID_SPEC,
        message: format!("{component} consumes no events, so none can wait for it"),
        next_action: format!("Remove {field_path}; {component} scales by CPU and memory"),
        field_path,
    }
}
