//! The policies say the graph: each edge has its rule at both of its ends, and nothing else passes.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString};
use proptest::prelude::*;

use super::{
    graph::{Edge, Party, Port},
    policies,
};
use crate::{Facts, OperatorDefaults, ValidatedPlatform, validate};

const COMPONENTS: [&str; 4] = ["a", "b", "c", "d"];
const PORTS: [u16; 3] = [53, 8080, 50_002];

fn platform() -> ValidatedPlatform {
    let platform = serde_json::from_value(serde_json::json!({
        "apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform",
        "metadata": {"name": "todo", "namespace": "team"}, "spec": {},
    }))
    .unwrap();
    validate(
        &platform,
        &Facts::assumed(&platform),
        &OperatorDefaults::default(),
    )
    .unwrap()
}

/// A pod as a packet filter sees it.
struct Pod {
    namespace: &'static str,
    labels: BTreeMap<String, String>,
}

fn pod(platform: &ValidatedPlatform, party: &Party) -> Pod {
    let labels = |labels: &[(&str, &str)]| {
        labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    };
    match party {
        Party::Component(name) => Pod {
            namespace: "team",
            labels: super::super::object::selector_labels(platform, name),
        },
        Party::Prometheus => Pod {
            namespace: "monitoring",
            labels: labels(&[("app.kubernetes.io/name", "prometheus")]),
        },
        Party::ClusterDns => Pod {
            namespace: "kube-system",
            labels: labels(&[("k8s-app", "kube-dns")]),
        },
        Party::Namespaces(_) => Pod {
            namespace: "ingress",
            labels: labels(&[("app", "controller")]),
        },
        _ => Pod {
            namespace: "strangers",
            labels: labels(&[("app", "stranger")]),
        },
    }
}

fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let all = selector.match_labels.iter().flatten();
    let expressions = selector.match_expressions.iter().flatten();
    all.into_iter().all(|(key, value)| labels.get(key) == Some(value))
        && expressions.into_iter().all(|expression| {
            expression.operator == "In"
                && labels
                    .get(&expression.key)
                    .is_some_and(|value| expression.values.iter().flatten().any(|v| v == value))
        })
}

fn passes(
    peers: Option<&Vec<NetworkPolicyPeer>>,
    ports: Option<&Vec<NetworkPolicyPort>>,
    other: &Pod,
    port: u16,
) -> bool {
    let of_namespace = BTreeMap::from([(
        "kubernetes.io/metadata.name".to_owned(),
        other.namespace.to_owned(),
    )]);
    let is_peer = |peer: &NetworkPolicyPeer| {
        let in_namespace = match &peer.namespace_selector {
            None => other.namespace == "team",
            Some(selector) => selects(selector, &of_namespace),
        };
        in_namespace
            && peer
                .pod_selector
                .as_ref()
                .is_none_or(|selector| selects(selector, &other.labels))
    };
    let is_port = |rule: &NetworkPolicyPort| {
        rule.port == Some(IntOrString::Int(port.into())) && rule.protocol.as_deref() == Some("TCP")
    };
    peers.is_none_or(|peers| peers.iter().any(is_peer)) && ports.is_none_or(|ports| ports.iter().any(is_port))
}

/// Whether a packet gets out of `from` and into `to`, as a network plugin judges it.
fn connects(policies: &[NetworkPolicy], from: &Pod, to: &Pod, port: u16) -> bool {
    let of = |pod: &Pod| {
        let specs: Vec<_> = policies
            .iter()
            .filter_map(|policy| policy.spec.clone())
            .filter(|spec| {
                pod.namespace == "team"
                    && spec
                        .pod_selector
                        .as_ref()
                        .is_some_and(|selector| selects(selector, &pod.labels))
            })
            .collect();
        specs
    };
    let (senders, receivers) = (of(from), of(to));
    let out = senders.is_empty()
        || senders
            .iter()
            .flat_map(|spec| spec.egress.iter().flatten())
            .any(|rule| passes(rule.to.as_ref(), rule.ports.as_ref(), to, port));
    let into = receivers.is_empty()
        || receivers
            .iter()
            .flat_map(|spec| spec.ingress.iter().flatten())
            .any(|rule| passes(rule.from.as_ref(), rule.ports.as_ref(), from, port));
    out && into
}

fn parties() -> Vec<Party> {
    let components = COMPONENTS.map(|name| Party::Component(name.to_owned()));
    let outside = [
        Party::Prometheus,
        Party::ClusterDns,
        Party::Namespaces(vec!["ingress".into()]),
    ];
    components.into_iter().chain(outside).collect()
}

fn graphs() -> impl Strategy<Value = BTreeSet<Edge>> {
    let count = parties().len();
    let edge =
        (0..count, 0..count, 0..PORTS.len()).prop_filter_map("one end is a component", |(from, to, port)| {
            let parties = parties();
            let is_component = |party: &Party| matches!(party, Party::Component(_));
            let edge = Edge {
                from: parties[from].clone(),
                to: parties[to].clone(),
                port: Port::Tcp(PORTS[port]),
            };
            (from != to && (is_component(&edge.from) || is_component(&edge.to))).then_some(edge)
        });
    prop::collection::btree_set(edge, 0..24)
}

proptest! {
    // Each case tries every pair of parties on every port.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_edge_passes_and_nothing_else_does(edges in graphs()) {
        let platform = platform();
        let components = COMPONENTS.map(str::to_owned).into();
        let policies: Vec<NetworkPolicy> = policies(&platform, &components, &edges)
            .into_iter()
            .map(|child| serde_json::from_value(child.object).unwrap())
            .collect();
        prop_assert_eq!(policies.len(), COMPONENTS.len());
        let strangers = [Party::Anyone];
        let parties = parties();
        for from in parties.iter().chain(&strangers) {
            for to in parties.iter().chain(&strangers).filter(|to| *to != from) {
                let ours = [from, to].iter().any(|party| matches!(party, Party::Component(_)));
                for port in PORTS {
                    let edge = Edge { from: from.clone(), to: to.clone(), port: Port::Tcp(port) };
                    let found = connects(&policies, &pod(&platform, from), &pod(&platform, to), port);
                    prop_assert_eq!(found, !ours || edges.contains(&edge), "{:?}", edge);
                }
            }
        }
    }
}

#[test]
fn a_rule_for_all_ports_swallows_the_others() {
    let platform = platform();
    let edges = [Port::All, Port::Tcp(8080)].map(|port| Edge {
        from: Party::Anyone,
        to: Party::Component("a".into()),
        port,
    });
    let [child] = &policies(&platform, &["a".to_owned()].into(), &edges.into())[..] else {
        unreachable!("one component has one policy")
    };
    assert_eq!(child.object["spec"]["ingress"], serde_json::json!([{}]));
    assert!(child.object["spec"]["egress"].is_null(), "nothing goes out");
}
