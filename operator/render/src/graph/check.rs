//! What the graph may not be.

use std::collections::{BTreeMap, BTreeSet};

use todoplatform_api::TodoPlatformSpec;

use super::{Node, declared, graph};
use crate::{Violation, catalog::Service, names::Names, validate::INVALID_SPEC};

/// Longest `<platform>-<name>`: with `-api-token` it is still a label's value, and it is a Dapr app-id.
const LONGEST_APP_ID: usize = 53;

/// Everything that is wrong with how the applications hang together.
pub(crate) fn check(spec: &TodoPlatformSpec, names: &Names) -> Vec<Violation> {
    let declared = declared(spec);
    let running = graph(spec);
    let mut violations = Vec::new();
    idle(&declared, &running, &mut violations);
    for (node, _) in declared.iter().filter(|(node, _)| node.extra.is_some()) {
        extra(node, &declared, names, &mut violations);
    }
    same_names(&declared, &mut violations);
    same_subscriptions(&running, names, &mut violations);
    violations
}

/// A service that is left with nothing to do needs what was switched off.
fn idle(declared: &[(Node, bool)], running: &[Node], violations: &mut Vec<Violation>) {
    for (node, _) in declared
        .iter()
        .filter(|(node, enabled)| *enabled && node.service.is_some())
    {
        let Some(now) = running.iter().find(|other| other.name == node.name) else {
            continue;
        };
        if !node.consumes.is_empty() && now.consumes.is_empty() {
            let topics: BTreeSet<_> = node
                .consumes
                .iter()
                .map(|consumption| &consumption.topic)
                .collect();
            let missing = declared.iter().find(|(other, enabled)| {
                !enabled && other.publishes.iter().any(|topic| topics.contains(topic))
            });
            let Some((missing, _)) = missing else { continue };
            violations.push(Violation {
                field_path: format!("{}.enabled", missing.field_path),
                reason: INVALID_SPEC,
                message: format!(
                    "{} needs {}: without it nobody publishes an event that it consumes",
                    node.name, missing.name
                ),
                next_action: format!(
                    "Set {}.enabled to false too, or keep {} switched on",
                    node.field_path, missing.name
                ),
            });
        }
        if !node.calls.is_empty() && now.calls.is_empty() {
            violations.push(Violation {
                field_path: format!("{}.enabled", node.field_path),
                reason: INVALID_SPEC,
                message: format!(
                    "{} has nobody to call: {} are switched off",
                    node.name,
                    node.calls.join(", ")
                ),
                next_action: format!(
                    "Set {}.enabled to false too, or keep one of them switched on",
                    node.field_path
                ),
            });
        }
    }
}

fn extra(node: &Node, declared: &[(Node, bool)], names: &Names, violations: &mut Vec<Violation>) {
    let mut refuse = |field: String, message: String, next_action: String| {
        violations.push(Violation {
            field_path: format!("{}.{field}", node.field_path),
            reason: INVALID_SPEC,
            message,
            next_action,
        });
    };
    let app_id = names.app_id(&node.name);
    if app_id.len() > LONGEST_APP_ID {
        refuse(
            "name".into(),
            format!(
                "`{app_id}` is longer than {LONGEST_APP_ID} characters: names of its objects would be too long"
            ),
            format!(
                "Choose a name of at most {} characters",
                LONGEST_APP_ID.saturating_sub(names.app_id("").len())
            ),
        );
    }
    for (index, callee) in node.calls.iter().enumerate() {
        let known = declared.iter().find(|(other, _)| other.name == *callee);
        let problem = match known {
            _ if *callee == node.name => Some("it is the app itself"),
            None => Some("the platform has no such application"),
            Some((other, _)) if other.is(Service::Gateway) => {
                Some("nothing calls the gateway through its sidecar")
            }
            Some((_, false)) => Some("it is switched off"),
            Some((_, true)) => None,
        };
        if let Some(problem) = problem {
            refuse(
                format!("calls[{index}]"),
                format!("{} cannot call `{callee}`: {problem}", node.name),
                "Name another application, or remove it".into(),
            );
        }
    }
    for (index, consumption) in node.consumes.iter().enumerate() {
        let is_known = declared
            .iter()
            .any(|(other, _)| other.publishes.contains(&consumption.topic));
        if !is_known {
            refuse(
                format!("consumes[{index}].topic"),
                format!("no application publishes `{}`", consumption.topic),
                "Correct the topic, or name it in `publishes` of the app that publishes it".into(),
            );
        }
    }
}

fn same_names(declared: &[(Node, bool)], violations: &mut Vec<Violation>) {
    let mut seen = BTreeSet::new();
    for (node, _) in declared {
        // Names of the platform's own components are refused by a rule of the resource.
        if !seen.insert(&node.name) && Service::ALL.iter().all(|service| service.as_str() != node.name) {
            violations.push(Violation {
                field_path: format!("{}.name", node.field_path),
                reason: INVALID_SPEC,
                message: format!("another extra service is called `{}` too", node.name),
                next_action: "Choose another name".into(),
            });
        }
    }
}

/// Dots become dashes in the names of Subscriptions, so that two topics may come to one name.
fn same_subscriptions(running: &[Node], names: &Names, violations: &mut Vec<Violation>) {
    let mut seen = BTreeMap::new();
    for node in running {
        for (index, consumption) in node.consumes.iter().enumerate() {
            for name in [
                names.subscription(&node.name, &consumption.topic),
                names.dead_letter_subscription(&node.name, &consumption.topic),
            ] {
                let Some(other) =
                    seen.insert(name.clone(), format!("{} of {}", consumption.topic, node.name))
                else {
                    continue;
                };
                let field_path = match node.extra {
                    Some(_) => format!("{}.consumes[{index}].topic", node.field_path),
                    None => node.field_path.clone(),
                };
                violations.push(Violation {
                    field_path,
                    reason: INVALID_SPEC,
                    message: format!("its Subscription `{name}` is also that of topic {other}"),
                    next_action: "Choose another topic, or another name for the app".into(),
                });
            }
        }
    }
}
