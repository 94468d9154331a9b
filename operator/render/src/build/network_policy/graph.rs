//! Who connects to whom: a graph whose nodes are the platform's components and what they need around them.

use std::collections::BTreeMap;

/// One connection that is let through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    /// Who opens it.
    pub(super) from: Party,
    /// Who listens.
    pub(super) to: Party,
    /// Where it listens.
    pub(super) port: Port,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Party {
    /// The pods of a component of this platform.
    Component(String),
    /// Everybody, from outside the cluster too.
    Anyone,
    /// Blocks of addresses.
    Addresses(Vec<String>),
    /// All pods of these namespaces.
    Namespaces(Vec<String>),
    /// Prometheus, in whatever namespace.
    Prometheus,
    /// The operator, in its namespace if that is known.
    Operator(Option<String>),
    /// The cluster's DNS.
    ClusterDns,
    /// Dapr's control plane, in its namespace.
    DaprControlPlane(String),
    /// Pods by labels.
    Pods {
        /// Of the pods; none for all.
        labels: BTreeMap<String, String>,
        /// Of their namespaces; without them the platform's own.
        namespaces: Option<BTreeMap<String, String>>,
    },
}

/// Where the listening end listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Port {
    /// On any port.
    All,
    /// TCP.
    Tcp(u16),
    /// UDP.
    Udp(u16),
}
