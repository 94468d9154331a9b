//! One NetworkPolicy per component: closed in both directions but for the edges of the platform's graph.
//!
//! [`edges`] says which connections there are, this file says them in the words of Kubernetes. Probes need no rule: they
//! come from the pod's own node.

mod edges;
mod graph;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::{
    api::networking::v1::{
        IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
        NetworkPolicyPort, NetworkPolicySpec,
    },
    apimachinery::pkg::{
        apis::meta::v1::{LabelSelector, LabelSelectorRequirement},
        util::intstr::IntOrString,
    },
};

use self::graph::{Edge, Party, Port};
use super::object::{NAME, child, metadata, selector};
use crate::{Child, ChildKind, ValidatedPlatform};

/// Label that every namespace has, with its name.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let Some(settings) = &platform.network_policy else {
        return Vec::new();
    };
    let components = edges::components(platform);
    policies(platform, &components, &edges::edges(platform, settings))
}

/// The policies of these components; an edge's rule stands with each of its ends that is one.
fn policies(
    platform: &ValidatedPlatform,
    components: &BTreeSet<String>,
    edges: &BTreeSet<Edge>,
) -> Vec<Child> {
    components
        .iter()
        .map(|component| {
            let this = Party::Component(component.clone());
            let to_this = edges.iter().filter(|edge| edge.to == this);
            let from_this = edges.iter().filter(|edge| edge.from == this);
            let ingress = by_party(to_this.map(|edge| (&edge.from, &edge.port)))
                .into_iter()
                .map(|(party, ports)| NetworkPolicyIngressRule {
                    from: peers(platform, party),
                    ports: numbers(&ports),
                });
            let egress = by_party(from_this.map(|edge| (&edge.to, &edge.port)))
                .into_iter()
                .map(|(party, ports)| NetworkPolicyEgressRule {
                    to: peers(platform, party),
                    ports: numbers(&ports),
                });
            let policy = NetworkPolicy {
                metadata: metadata(platform, &platform.names.child(component), Some(component)),
                spec: Some(NetworkPolicySpec {
                    pod_selector: Some(selector(platform, component)),
                    policy_types: Some(vec!["Ingress".into(), "Egress".into()]),
                    ingress: some(ingress.collect()),
                    egress: some(egress.collect()),
                }),
            };
            child(ChildKind::NetworkPolicy, Some(component), &policy)
        })
        .collect()
}

/// One rule per other side, with all its ports.
fn by_party<'a>(
    ends: impl Iterator<Item = (&'a Party, &'a Port)>,
) -> BTreeMap<&'a Party, BTreeSet<&'a Port>> {
    let mut rules = BTreeMap::<_, BTreeSet<_>>::new();
    for (party, port) in ends {
        rules.entry(party).or_default().insert(port);
    }
    rules
}

/// None for no rule at all: the API server would drop an empty list, and see drift for ever.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn numbers(ports: &BTreeSet<&Port>) -> Option<Vec<NetworkPolicyPort>> {
    let ports = ports.iter().map(|port| match port {
        Port::All => None,
        Port::Tcp(number) => Some(("TCP", *number)),
        Port::Udp(number) => Some(("UDP", *number)),
    });
    // One rule for all ports leaves nothing for the others to say.
    let ports: Option<Vec<_>> = ports.collect();
    ports.map(|ports| {
        ports
            .into_iter()
            .map(|(protocol, number)| NetworkPolicyPort {
                protocol: Some(protocol.into()),
                port: Some(IntOrString::Int(number.into())),
                end_port: None,
            })
            .collect()
    })
}

/// None means everybody.
fn peers(platform: &ValidatedPlatform, party: &Party) -> Option<Vec<NetworkPolicyPeer>> {
    let by_labels = |namespaces: Option<LabelSelector>, pods: Option<LabelSelector>| {
        Some(vec![NetworkPolicyPeer {
            namespace_selector: namespaces,
            pod_selector: pods,
            ip_block: None,
        }])
    };
    match party {
        Party::Component(component) => by_labels(None, Some(selector(platform, component))),
        Party::Anyone => None,
        Party::Addresses(cidrs) => Some(
            cidrs
                .iter()
                .map(|cidr| NetworkPolicyPeer {
                    ip_block: Some(IPBlock {
                        cidr: cidr.clone(),
                        except: None,
                    }),
                    ..NetworkPolicyPeer::default()
                })
                .collect(),
        ),
        Party::Namespaces(names) => by_labels(Some(in_namespaces(names)), None),
        Party::Prometheus => by_labels(
            Some(LabelSelector::default()),
            Some(labelled([(NAME, "prometheus")])),
        ),
        Party::Operator(namespace) => by_labels(
            Some(
                namespace
                    .as_ref()
                    .map_or_else(LabelSelector::default, |name| in_namespace(name)),
            ),
            Some(labelled([(NAME, super::MANAGER)])),
        ),
        Party::ClusterDns => by_labels(
            Some(in_namespace("kube-system")),
            Some(labelled([("k8s-app", "kube-dns")])),
        ),
        Party::DaprControlPlane(namespace) => by_labels(
            Some(in_namespace(namespace)),
            Some(labelled([("app.kubernetes.io/part-of", "dapr")])),
        ),
        Party::Pods { labels, namespaces } => {
            let select = |labels: &BTreeMap<String, String>| LabelSelector {
                match_labels: (!labels.is_empty()).then(|| labels.clone()),
                match_expressions: None,
            };
            by_labels(namespaces.as_ref().map(&select), Some(select(labels)))
        }
    }
}

fn labelled<const N: usize>(labels: [(&str, &str); N]) -> LabelSelector {
    LabelSelector {
        match_labels: Some(
            labels
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        ),
        match_expressions: None,
    }
}

fn in_namespace(name: &str) -> LabelSelector {
    labelled([(NAMESPACE_NAME, name)])
}

fn in_namespaces(names: &[String]) -> LabelSelector {
    LabelSelector {
        match_labels: None,
        match_expressions: Some(vec![LabelSelectorRequirement {
            key: NAMESPACE_NAME.into(),
            operator: "In".into(),
            values: Some(names.to_vec()),
        }]),
    }
}
