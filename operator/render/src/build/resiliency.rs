//! One Dapr Resiliency per app: how events are offered to it, how long its calls may take.

use std::collections::BTreeMap;

use todoplatform_kinds::dapr::{
    ComponentTarget, Policies, Resiliency, ResiliencyFields, ResiliencySpec, Retry, RetryMatching,
    TargetPolicies, Targets,
};

use super::object::{child, metadata};
use crate::{Child, ChildKind, ValidatedPlatform, graph::Node, validated::ResiliencySettings};

/// How long a call of the gateway to a service may take.
const CALL_TIMEOUT: &str = "30s";

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    platform
        .apps
        .iter()
        .filter_map(|app| resiliency(platform, &app.node))
        .collect()
}

fn resiliency(platform: &ValidatedPlatform, node: &Node) -> Option<Child> {
    let mut spec = ResiliencySpec {
        policies: Policies::default(),
        targets: Targets::default(),
    };
    if !node.consumes.is_empty() {
        let ResiliencySettings {
            max_retries,
            max_interval_seconds,
            handler_timeout_seconds,
        } = platform.resiliency;
        let retry = Retry {
            policy: "exponential".into(),
            duration: None,
            max_interval: Some(format!("{max_interval_seconds}s")),
            max_retries,
            matching: Some(RetryMatching {
                http_status_codes: Some("408,429,500-599".into()),
            }),
        };
        spec.policies.retries = BTreeMap::from([("inbound".into(), retry)]);
        spec.policies
            .timeouts
            .insert("handler".into(), format!("{handler_timeout_seconds}s"));
        let inbound = TargetPolicies {
            retry: Some("inbound".into()),
            timeout: Some("handler".into()),
        };
        let component = platform.names.events_component(&node.name);
        spec.targets.components.insert(
            component,
            ComponentTarget {
                inbound: Some(inbound),
            },
        );
    }
    if !node.calls.is_empty() {
        // An entry without a retry: Dapr's built-in one repeats any verb, and only the caller knows which may be.
        spec.policies.timeouts.insert("call".into(), CALL_TIMEOUT.into());
        for callee in &node.calls {
            let policies = TargetPolicies {
                retry: None,
                timeout: Some("call".into()),
            };
            spec.targets.apps.insert(platform.names.app_id(callee), policies);
        }
    }
    if spec.targets == Targets::default() {
        return None;
    }
    let component = node.name.as_str();
    let app_id = platform.names.app_id(component);
    let mut object = Resiliency::new(
        &app_id,
        ResiliencyFields {
            spec,
            scopes: vec![app_id.clone()],
        },
    );
    object.metadata = metadata(platform, &app_id, Some(component));
    Some(child(ChildKind::Resiliency, Some(component), &object))
}

/// How long an event may be with an app at most, in milliseconds: every attempt and every pause between them.
pub(super) fn longest_offer_milliseconds(settings: ResiliencySettings) -> u64 {
    let positive = |value: i32| u64::try_from(value).unwrap_or(0);
    let attempts = positive(settings.max_retries) + 1;
    let longest = positive(settings.max_interval_seconds) * 1000;
    // Dapr's exponential pauses: 0.5 s, half as much again each time, up to half more by chance.
    let mut pause = 500;
    let mut pauses = 0;
    for _ in 1..attempts {
        pauses += longest.min(pause) * 3 / 2;
        pause = longest.min(pause * 3 / 2);
    }
    attempts * positive(settings.handler_timeout_seconds) * 1000 + pauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_offer_ends_within_five_minutes() {
        let defaults = ResiliencySettings {
            max_retries: 8,
            max_interval_seconds: 30,
            handler_timeout_seconds: 20,
        };
        let offer = longest_offer_milliseconds(defaults);
        assert!((180_000..300_000).contains(&offer), "{offer}");
    }
}
