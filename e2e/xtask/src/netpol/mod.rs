//! Network policies on the node cluster: what the cluster says of them, translated to nftables.
//!
//! A plain bridge joins the pods, and Kubernetes leaves policies to the network's maker. So an agent
//! beside the other processes looks at policies, pods and namespaces every second, and loads one table
//! into the cluster's network namespace whenever its text changes. The table goes with the namespace.
//!
//! The kernel hands packets that only cross the bridge to the IP hooks too, connection tracking
//! included (`net.bridge.bridge-nf-call-iptables`), and Services' addresses are translated before; so
//! rules see the pods on both sides.
//!
//! What differs from a network made for production:
//! - A fresh pod is closed, and let in elsewhere, within about a second of having its address.
//! - A connection that was let in lives on when a later policy forbids it.
//! - What the node itself sends is never looked at, and so probes always arrive; nor is what the host
//!   sends, so tests on the host reach every pod. What pods send to either is subject to egress rules.
//! - Cluster DNS is a process on the node. Rules see it as the pod that it is elsewhere.

mod agent;
mod objects;
mod selector;
mod translate;

pub(crate) use agent::Agent;
