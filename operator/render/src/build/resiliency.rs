//! One Dapr Resiliency per app: how events are offered to it, how long its calls may take, when a target is left alone.

use todoplatform_kinds::dapr::{
    CircuitBreaker, ComponentTarget, Policies, Resiliency, ResiliencyFields, ResiliencySpec, Retry,
    RetryMatching, TargetPolicies, Targets,
};

use super::object::{child, metadata};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    catalog::Store,
    graph::Node,
    validated::{ResiliencySettings, RetrySettings, TargetSettings},
};

/// Answers of a handler that are worth another attempt; all others go to the dead letters at once.
const OF_HANDLERS: &str = "408,429,500-599";
/// Answers that say that a call was not taken. A 500 may have been, and is the caller's to judge.
const OF_CALLS: &str = "502-504";

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    platform
        .apps
        .iter()
        .filter_map(|app| resiliency(platform, &app.node))
        .collect()
}

fn resiliency(platform: &ValidatedPlatform, node: &Node) -> Option<Child> {
    let mut policies = Written::default();
    let mut targets = Targets::default();
    events(platform, node, &mut policies, &mut targets);
    state(platform, node, &mut policies, &mut targets);
    calls(platform, node, &mut policies, &mut targets);
    if targets == Targets::default() {
        return None;
    }
    let component = node.name.as_str();
    let app_id = platform.names.app_id(component);
    let mut object = Resiliency::new(
        &app_id,
        ResiliencyFields {
            spec: ResiliencySpec {
                policies: policies.0,
                targets,
            },
            scopes: vec![app_id.clone()],
        },
    );
    object.metadata = metadata(platform, &app_id, Some(component));
    Some(child(ChildKind::Resiliency, Some(component), &object))
}

/// How events are offered to a service: the platform's numbers, with what differs for this service.
pub(super) fn offer(platform: &ValidatedPlatform, app: &str) -> ResiliencySettings {
    let general = platform.resiliency;
    let own = target(platform, &format!("{app}-events"));
    ResiliencySettings {
        max_retries: own.retry.map_or(general.max_retries, |retry| retry.max_retries),
        max_interval_seconds: own
            .retry
            .map_or(general.max_interval_seconds, |retry| retry.max_interval_seconds),
        handler_timeout_seconds: own.timeout_seconds.unwrap_or(general.handler_timeout_seconds),
        ..general
    }
}

fn target(platform: &ValidatedPlatform, name: &str) -> TargetSettings {
    platform.dapr.targets.get(name).cloned().unwrap_or_default()
}

/// Of a service that consumes, what is offered to it; of one that only publishes, what it publishes.
fn events(platform: &ValidatedPlatform, node: &Node, policies: &mut Written, targets: &mut Targets) {
    let name = platform.names.events_component(&node.name);
    let own = target(platform, &format!("{}-events", node.name));
    if node.consumes.is_empty() {
        let outbound = policies.target("publish", &own, None);
        if node.uses_events() && outbound != TargetPolicies::default() {
            let outbound = Some(outbound);
            targets.components.insert(
                name,
                ComponentTarget {
                    inbound: None,
                    outbound,
                },
            );
        }
        return;
    }
    let ResiliencySettings {
        max_retries,
        max_interval_seconds,
        handler_timeout_seconds,
        ..
    } = offer(platform, &node.name);
    let retry = RetrySettings {
        max_retries,
        max_interval_seconds,
    };
    let inbound = TargetPolicies {
        retry: Some(policies.retry("inbound", retry, Some(OF_HANDLERS))),
        timeout: Some(policies.timeout("handler", handler_timeout_seconds)),
        circuit_breaker: policies.breaker("inbound", &own),
    };
    let inbound = Some(inbound);
    targets.components.insert(
        name,
        ComponentTarget {
            inbound,
            outbound: None,
        },
    );
}

fn state(platform: &ValidatedPlatform, node: &Node, policies: &mut Written, targets: &mut Targets) {
    if !node.stores_in(Store::DaprState) {
        return;
    }
    let own = target(platform, &format!("{}-state", node.name));
    let outbound = policies.target("state", &own, None);
    if outbound != TargetPolicies::default() {
        let outbound = Some(outbound);
        let name = platform.names.state_component(&node.name);
        targets.components.insert(
            name,
            ComponentTarget {
                inbound: None,
                outbound,
            },
        );
    }
}

/// Every callee has an entry: without one Dapr repeats any verb, and only the caller knows which may be.
fn calls(platform: &ValidatedPlatform, node: &Node, policies: &mut Written, targets: &mut Targets) {
    for callee in &node.calls {
        let own = target(platform, callee);
        let named = format!("call-{callee}");
        let mut call = policies.target(&named, &own, Some(OF_CALLS));
        if call.timeout.is_none() {
            call.timeout = Some(policies.timeout("call", platform.resiliency.call_timeout_seconds));
        }
        targets.apps.insert(platform.names.app_id(callee), call);
    }
}

/// Policies as they are written down; each gives its name, which a target then uses.
#[derive(Default)]
struct Written(Policies);

impl Written {
    fn target(&mut self, name: &str, settings: &TargetSettings, statuses: Option<&str>) -> TargetPolicies {
        TargetPolicies {
            retry: settings.retry.map(|retry| self.retry(name, retry, statuses)),
            timeout: settings
                .timeout_seconds
                .map(|seconds| self.timeout(name, seconds)),
            circuit_breaker: self.breaker(name, settings),
        }
    }

    fn retry(&mut self, name: &str, settings: RetrySettings, statuses: Option<&str>) -> String {
        let retry = Retry {
            policy: "exponential".into(),
            duration: None,
            max_interval: Some(format!("{}s", settings.max_interval_seconds)),
            max_retries: settings.max_retries,
            matching: statuses.map(|statuses| RetryMatching {
                http_status_codes: Some(statuses.into()),
            }),
        };
        self.0.retries.insert(name.into(), retry);
        name.into()
    }

    fn timeout(&mut self, name: &str, seconds: i32) -> String {
        self.0.timeouts.insert(name.into(), format!("{seconds}s"));
        name.into()
    }

    fn breaker(&mut self, name: &str, settings: &TargetSettings) -> Option<String> {
        let breaker = settings.circuit_breaker?;
        let breaker = CircuitBreaker {
            max_requests: 1,
            timeout: format!("{}s", breaker.open_seconds),
            trip: format!("consecutiveFailures >= {}", breaker.consecutive_failures),
        };
        self.0.circuit_breakers.insert(name.into(), breaker);
        Some(name.into())
    }
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
            call_timeout_seconds: 30,
        };
        let offer = longest_offer_milliseconds(defaults);
        assert!((180_000..300_000).contains(&offer), "{offer}");
    }
}
