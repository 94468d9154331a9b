//! The parts of policies, pods and namespaces that a translation needs.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::Deserialize;

use super::selector::Selector;

/// Everything that a translation depends on.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) policies: Vec<Policy>,
    pub(super) pods: Vec<Pod>,
    pub(super) namespaces: Vec<Namespace>,
}

impl Objects {
    /// From what `kubectl get --output json` prints.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut objects = Self::default();
        for item in serde_json::from_str::<List>(text)?.items {
            match item {
                Item::NetworkPolicy(policy) => objects.policies.push(policy),
                Item::Pod(pod) => objects.pods.push(pod),
                Item::Namespace(namespace) => objects.namespaces.push(namespace),
            }
        }
        Ok(objects)
    }
}

#[derive(Deserialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(tag = "kind")]
enum Item {
    NetworkPolicy(Policy),
    Pod(Pod),
    Namespace(Namespace),
}

pub(super) type Labels = BTreeMap<String, String>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) labels: Labels,
}

#[derive(Debug, Deserialize)]
pub(super) struct Namespace {
    pub(super) metadata: Metadata,
}

#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    pub(super) metadata: Metadata,
    pub(super) spec: PolicySpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PolicySpec {
    pub(super) pod_selector: Selector,
    policy_types: Vec<Direction>,
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
}

impl PolicySpec {
    /// Does it close the pods that it selects in this direction, but for its rules?
    ///
    /// Without `policyTypes` it always does for ingress, and for egress when it has rules for it.
    pub(super) fn governs(&self, direction: Direction) -> bool {
        if self.policy_types.is_empty() {
            return direction == Direction::Ingress || !self.egress.is_empty();
        }
        self.policy_types.contains(&direction)
    }

    pub(super) fn rules(&self, direction: Direction) -> &[Rule] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// What may pass: any of the peers, on any of the ports. No peers, or no ports, stands for all.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rule {
    #[serde(alias = "from", alias = "to")]
    pub(super) peers: Vec<Peer>,
    pub(super) ports: Vec<Ports>,
}

/// Either pods, by one selector or both, or addresses.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Peer {
    pub(super) pod_selector: Option<Selector>,
    pub(super) namespace_selector: Option<Selector>,
    pub(super) ip_block: Option<IpBlock>,
}

#[derive(Debug, Deserialize)]
pub(super) struct IpBlock {
    pub(super) cidr: String,
    #[serde(default)]
    pub(super) except: Vec<String>,
}

/// One port, a range of them, or all of a protocol.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ports {
    #[serde(default)]
    pub(super) protocol: Protocol,
    /// Nothing stands for all ports of the protocol.
    pub(super) port: Option<PortName>,
    /// Last port of a range that begins at `port`.
    pub(super) end_port: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum PortName {
    Number(u16),
    /// The name of a container's port, in the pod that is connected to.
    Name(String),
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Protocol {
    #[default]
    Tcp,
    Udp,
    Sctp,
}

impl Protocol {
    /// As nftables calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pod {
    pub(super) metadata: Metadata,
    spec: PodSpec,
    status: PodStatus,
}

impl Pod {
    /// The pod that cluster DNS is where it runs in a pod.
    pub(super) fn cluster_dns(address: Ipv4Addr) -> Self {
        let port = |protocol, name: &str| ContainerPort {
            name: Some(name.to_owned()),
            number: 53,
            protocol,
        };
        let ports = vec![port(Protocol::Udp, "dns"), port(Protocol::Tcp, "dns-tcp")];
        Self {
            metadata: Metadata {
                name: "coredns".to_owned(),
                namespace: "kube-system".to_owned(),
                labels: [("k8s-app".to_owned(), "kube-dns".to_owned())].into(),
            },
            spec: PodSpec {
                containers: vec![Container { ports }],
                ..PodSpec::default()
            },
            status: PodStatus {
                pod_ip: Some(address),
                phase: "Running".to_owned(),
            },
        }
    }

    /// An address of its own. None before it starts, on the node's network, and after its end, when
    /// the address may be another pod's already.
    pub(super) fn address(&self) -> Option<Ipv4Addr> {
        let ended = matches!(self.status.phase.as_str(), "Succeeded" | "Failed");
        if self.spec.host_network || ended {
            None
        } else {
            self.status.pod_ip
        }
    }

    /// Numbers of its ports with this name.
    pub(super) fn ports<'a>(&'a self, name: &'a str, protocol: Protocol) -> impl Iterator<Item = u16> + 'a {
        let containers = self.spec.containers.iter().chain(&self.spec.init_containers);
        containers
            .flat_map(|container| &container.ports)
            .filter(move |port| port.protocol == protocol && port.name.as_deref() == Some(name))
            .map(|port| port.number)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodSpec {
    host_network: bool,
    containers: Vec<Container>,
    /// Sidecars are among these.
    init_containers: Vec<Container>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    ports: Vec<ContainerPort>,
}

#[derive(Debug, Deserialize)]
struct ContainerPort {
    name: Option<String>,
    #[serde(rename = "containerPort")]
    number: u16,
    #[serde(default)]
    protocol: Protocol,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PodStatus {
    #[serde(rename = "podIP")]
    pod_ip: Option<Ipv4Addr>,
    phase: String,
}
