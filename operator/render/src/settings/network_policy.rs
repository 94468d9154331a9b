//! `spec.networkPolicy` decided.

use std::net::IpAddr;

use todoplatform_api::{NetworkPolicy, NetworkRule, Profile};

use super::Resolver;
use crate::{
    INVALID_SPEC, Violation,
    graph::{Node, graph},
    validated::NetworkPolicySettings,
};

impl Resolver<'_> {
    pub(super) fn network_policy(&self, violations: &mut Vec<Violation>) -> Option<NetworkPolicySettings> {
        network_policy(
            self.spec.network_policy.as_ref(),
            self.profile,
            self.defaults.operator_namespace.as_deref(),
            &graph(self.spec),
            violations,
        )
    }
}

/// None where the policies are not wanted; what is written is checked all the same.
fn network_policy(
    section: Option<&NetworkPolicy>,
    profile: Profile,
    operator_namespace: Option<&str>,
    nodes: &[Node],
    violations: &mut Vec<Violation>,
) -> Option<NetworkPolicySettings> {
    let nothing = NetworkPolicy::default();
    let section = section.unwrap_or(&nothing);
    cidrs(
        &section.external_cidrs,
        "spec.networkPolicy.externalCidrs",
        violations,
    );
    for (rules, field) in [
        (&section.extra_ingress, "spec.networkPolicy.extraIngress"),
        (&section.extra_egress, "spec.networkPolicy.extraEgress"),
    ] {
        for (index, rule) in rules.iter().enumerate() {
            self::rule(rule, &format!("{field}[{index}]"), nodes, violations);
        }
    }
    let port = |set: Option<i32>, default| set.and_then(|port| u16::try_from(port).ok()).unwrap_or(default);
    section
        .enabled
        .unwrap_or(profile == Profile::Production)
        .then(|| NetworkPolicySettings {
            ingress_namespaces: sorted(&section.ingress_namespaces),
            monitoring_namespaces: sorted(&section.monitoring_namespaces),
            dapr_namespace: section
                .dapr_namespace
                .clone()
                .unwrap_or_else(|| "dapr-system".into()),
            operator_namespace: operator_namespace.map(str::to_owned),
            external_cidrs: sorted(&section.external_cidrs),
            database_port: port(section.database_port, 5432),
            cache_port: port(section.cache_port, 6379),
            extra_ingress: section.extra_ingress.clone(),
            extra_egress: section.extra_egress.clone(),
        })
}

/// A set has no order: the same one is the same bytes.
fn sorted(set: &[String]) -> Vec<String> {
    let mut set = set.to_vec();
    set.sort();
    set
}

fn rule(rule: &NetworkRule, field: &str, nodes: &[Node], violations: &mut Vec<Violation>) {
    cidrs(&rule.cidrs, &format!("{field}.cidrs"), violations);
    let apps = nodes.iter().map(|node| node.name.as_str());
    let known: Vec<_> = apps.chain(["postgres", "redis"]).collect();
    for (index, component) in rule.components.iter().enumerate() {
        if !known.contains(&component.as_str()) {
            violations.push(Violation {
                field_path: format!("{field}.components[{index}]"),
                reason: INVALID_SPEC,
                message: format!("the platform has no component `{component}`"),
                next_action: format!("Name one of {}", known.join(", ")),
            });
        }
    }
}

fn cidrs(cidrs: &[String], field: &str, violations: &mut Vec<Violation>) {
    for (index, cidr) in cidrs.iter().enumerate() {
        if !is_cidr(cidr) {
            violations.push(Violation {
                field_path: format!("{field}[{index}]"),
                reason: INVALID_SPEC,
                message: format!("`{cidr}` is no block of addresses"),
                next_action: format!("Set {field}[{index}] to one such as 10.1.0.0/16 or fd00:1::/32"),
            });
        }
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let (Ok(address), Ok(bits)) = (address.parse::<IpAddr>(), bits.parse::<u8>()) else {
        return false;
    };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    bits <= longest
}

#[cfg(test)]
mod tests {
    use super::is_cidr;

    #[test]
    fn a_block_has_an_address_and_at_most_its_bits() {
        for (text, expected) in [
            ("10.0.0.0/8", true),
            ("0.0.0.0/0", true),
            ("fd00::/64", true),
            ("10.0.0.0/33", false),
            ("fd00::/129", false),
            ("10.0.0/8", false),
            ("10.0.0.0", false),
        ] {
            assert_eq!(is_cidr(text), expected, "{text}");
        }
    }
}
