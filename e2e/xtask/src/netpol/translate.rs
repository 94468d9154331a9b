//! From policies to the text of one nftables table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::Ipv4Addr;

use super::objects::{Direction, IpBlock, Labels, Objects, Peer, Pod, Policy, PortName, Ports, Rule};

/// The table's name; it is all that is ever changed.
pub(super) const TABLE: &str = "networkpolicies";

/// Addresses of what is not in a pod.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    /// May connect to every pod.
    pub(super) host: Ipv4Addr,
    /// Where cluster DNS listens on the node.
    pub(super) dns: Ipv4Addr,
}

/// The text for `nft --file`: it replaces the whole table in one step, or changes nothing.
///
/// A pod that a policy selects has a chain for each direction that the policy governs, with what
/// all of its policies let pass and a `drop` at the end. A packet must get through its sender's chain
/// for egress and its receiver's for ingress.
pub(super) fn translate(objects: &Objects, surroundings: Surroundings) -> String {
    let network = Network::new(objects, surroundings);
    let egress = network.chains(Direction::Egress);
    let ingress = network.chains(Direction::Ingress);
    let mut table = format!(
        "table ip {TABLE}\n\
         delete table ip {TABLE}\n\
         table ip {TABLE} {{\n"
    );
    let tracked = "ct state established,related accept".to_owned();
    let hook = |name| format!("type filter hook {name} priority filter; policy accept;");
    let jump = |to| format!("jump {to}");
    push_chain(
        &mut table,
        "forward",
        &[hook("forward"), tracked.clone(), jump("egress"), jump("ingress")],
    );
    // From pods to the node itself. What the node sends passes neither of the two hooks.
    push_chain(&mut table, "input", &[hook("input"), tracked, jump("egress")]);
    push_chain(
        &mut table,
        "egress",
        &by_address(&egress, "saddr", Direction::Egress),
    );
    let mut to_pods = vec![format!("ip saddr {} return", surroundings.host)];
    to_pods.extend(by_address(&ingress, "daddr", Direction::Ingress));
    push_chain(&mut table, "ingress", &to_pods);
    for (chains, direction) in [(egress, Direction::Egress), (ingress, Direction::Ingress)] {
        for (address, lines) in chains {
            push_chain(&mut table, &chain_name(direction, address), &lines);
        }
    }
    table.push_str("}\n");
    table
}

/// Lines of each governed pod's chain.
type Chains = BTreeMap<Ipv4Addr, Vec<String>>;

fn chain_name(direction: Direction, address: Ipv4Addr) -> String {
    match direction {
        Direction::Ingress => format!("ingress_{address}"),
        Direction::Egress => format!("egress_{address}"),
    }
}

fn by_address(chains: &Chains, field: &str, direction: Direction) -> Vec<String> {
    if chains.is_empty() {
        return Vec::new();
    }
    let jumps: Vec<_> = chains
        .keys()
        .map(|address| format!("{address} : jump {}", chain_name(direction, *address)))
        .collect();
    vec![format!("ip {field} vmap {{ {} }}", jumps.join(", "))]
}

fn push_chain(table: &mut String, name: &str, lines: &[String]) {
    let body = lines
        .iter()
        .fold(String::new(), |body, line| body + "\t\t" + line + "\n");
    write!(table, "\tchain {name} {{\n{body}\t}}\n").expect("a string takes every line");
}

/// Who is on the network.
struct Network<'a> {
    policies: Vec<&'a Policy>,
    namespaces: BTreeMap<&'a str, &'a Labels>,
    pods: BTreeMap<Ipv4Addr, &'a Pod>,
    dns: (Ipv4Addr, Pod),
}

impl<'a> Network<'a> {
    fn new(objects: &'a Objects, surroundings: Surroundings) -> Self {
        let mut policies: Vec<_> = objects.policies.iter().collect();
        policies.sort_by_key(|policy| (&policy.metadata.namespace, &policy.metadata.name));
        let namespaces = objects.namespaces.iter().map(|namespace| &namespace.metadata);
        Self {
            policies,
            namespaces: namespaces
                .map(|metadata| (metadata.name.as_str(), &metadata.labels))
                .collect(),
            pods: objects
                .pods
                .iter()
                .filter_map(|pod| Some((pod.address()?, pod)))
                .collect(),
            dns: (surroundings.dns, Pod::cluster_dns(surroundings.dns)),
        }
    }

    fn chains(&self, direction: Direction) -> Chains {
        let chain =
            |(address, pod): (&Ipv4Addr, &&Pod)| Some((*address, self.chain(direction, *address, pod)?));
        self.pods.iter().filter_map(chain).collect()
    }

    /// None for a pod that no policy governs.
    fn chain(&self, direction: Direction, address: Ipv4Addr, pod: &Pod) -> Option<Vec<String>> {
        let governing: Vec<_> = self
            .policies
            .iter()
            .filter(|policy| policy.metadata.namespace == pod.metadata.namespace)
            .filter(|policy| policy.spec.pod_selector.matches(&pod.metadata.labels))
            .filter(|policy| policy.spec.governs(direction))
            .collect();
        if governing.is_empty() {
            return None;
        }
        let itself = Far::Pods(BTreeMap::from([(address, pod)]));
        let mut lines = vec![format!("# {}/{}", pod.metadata.namespace, pod.metadata.name)];
        // No policy keeps a pod from reaching itself by its Service.
        lines.push(line(&itself.text(direction), ""));
        for policy in governing {
            lines.push(format!("# by {}", policy.metadata.name));
            for rule in policy.spec.rules(direction) {
                lines.extend(self.rule(rule, direction, pod, &policy.metadata.namespace));
            }
        }
        lines.push("drop".to_owned());
        Some(lines)
    }

    fn rule(&self, rule: &Rule, direction: Direction, pod: &Pod, namespace: &str) -> Vec<String> {
        let peers = self.peers(rule, namespace);
        if rule.ports.is_empty() {
            return peers.iter().map(|far| line(&far.text(direction), "")).collect();
        }
        let combined = rule
            .ports
            .iter()
            .flat_map(|port| peers.iter().map(move |far| (port, far)));
        combined
            .flat_map(|(port, far)| self.on_port(port, far, direction, pod))
            .collect()
    }

    /// A port's name is looked up in the pod that is connected to: at ingress the governed one, at
    /// egress each of the others.
    fn on_port(&self, port: &Ports, far: &Far<'_>, direction: Direction, pod: &Pod) -> Vec<String> {
        let protocol = port.protocol.name();
        let numbered =
            |far: &Far<'_>, number| line(&far.text(direction), &format!("{protocol} dport {number}"));
        match (&port.port, direction) {
            (None, _) => vec![line(&far.text(direction), &format!("ip protocol {protocol}"))],
            (Some(PortName::Number(first)), _) => {
                let last = port.end_port.map(|last| format!("-{last}")).unwrap_or_default();
                vec![line(
                    &far.text(direction),
                    &format!("{protocol} dport {first}{last}"),
                )]
            }
            (Some(PortName::Name(name)), Direction::Ingress) => {
                let numbers: BTreeSet<_> = pod.ports(name, port.protocol).collect();
                numbers.into_iter().map(|number| numbered(far, number)).collect()
            }
            (Some(PortName::Name(name)), Direction::Egress) => {
                let mut targets = BTreeMap::<u16, BTreeMap<Ipv4Addr, &Pod>>::new();
                for (address, pod) in self.endpoints().filter(|(address, _)| far.names_pod(*address)) {
                    for number in pod.ports(name, port.protocol) {
                        targets.entry(number).or_default().insert(address, pod);
                    }
                }
                targets
                    .into_iter()
                    .map(|(number, pods)| numbered(&Far::Pods(pods), number))
                    .collect()
            }
        }
    }

    /// Nobody at all, when there are peers and none of them exists.
    fn peers<'b>(&'b self, rule: &'b Rule, namespace: &str) -> Vec<Far<'b>> {
        if rule.peers.is_empty() {
            return vec![Far::Anyone];
        }
        let is_peer = |pod: &Pod| rule.peers.iter().any(|peer| self.selects(peer, pod, namespace));
        let pods: BTreeMap<_, _> = self.endpoints().filter(|(_, pod)| is_peer(pod)).collect();
        let blocks = rule
            .peers
            .iter()
            .filter_map(|peer| peer.ip_block.as_ref())
            .filter(|block| is_v4(&block.cidr));
        let pods = (!pods.is_empty()).then_some(Far::Pods(pods));
        pods.into_iter().chain(blocks.map(Far::Block)).collect()
    }

    fn selects(&self, peer: &Peer, pod: &Pod, namespace: &str) -> bool {
        if peer.ip_block.is_some() {
            return false;
        }
        let in_namespace = match &peer.namespace_selector {
            None => pod.metadata.namespace == namespace,
            Some(selector) => self
                .namespaces
                .get(pod.metadata.namespace.as_str())
                .is_some_and(|labels| selector.matches(labels)),
        };
        in_namespace
            && peer
                .pod_selector
                .as_ref()
                .is_none_or(|selector| selector.matches(&pod.metadata.labels))
    }

    /// The pods, and cluster DNS.
    fn endpoints(&self) -> impl Iterator<Item = (Ipv4Addr, &Pod)> {
        let pods = self.pods.iter().map(|(address, pod)| (*address, *pod));
        pods.chain(std::iter::once((self.dns.0, &self.dns.1)))
    }
}

/// The other side of a connection.
enum Far<'a> {
    Anyone,
    Pods(BTreeMap<Ipv4Addr, &'a Pod>),
    Block(&'a IpBlock),
}

impl Far<'_> {
    /// What a packet is compared with; nothing for anyone.
    fn text(&self, direction: Direction) -> String {
        let field = match direction {
            Direction::Ingress => "ip saddr",
            Direction::Egress => "ip daddr",
        };
        match self {
            Self::Anyone => String::new(),
            Self::Pods(pods) => {
                let addresses: Vec<_> = pods.keys().map(ToString::to_string).collect();
                format!("{field} {{ {} }}", addresses.join(", "))
            }
            Self::Block(block) => {
                let except = block.except.iter().filter(|cidr| is_v4(cidr));
                except.fold(format!("{field} {}", block.cidr), |text, cidr| {
                    format!("{text} {field} != {cidr}")
                })
            }
        }
    }

    /// Pods of a block of addresses are not known by name, nor are the names of their ports.
    fn names_pod(&self, address: Ipv4Addr) -> bool {
        match self {
            Self::Anyone => true,
            Self::Pods(pods) => pods.contains_key(&address),
            Self::Block(_) => false,
        }
    }
}

fn is_v4(cidr: &str) -> bool {
    !cidr.contains(':')
}

/// A line that lets pass what fits both.
fn line(far: &str, port: &str) -> String {
    let words: Vec<_> = [far, port, "return"]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests;
