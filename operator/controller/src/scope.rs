//! Where the operator looks for platforms: the whole cluster, or one namespace.

use std::fmt;

use k8s_openapi::NamespaceResourceScope;
use kube::{Api, Client, Resource};

/// One controller with its watches works on one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All namespaces.
    Cluster,
    /// This namespace.
    Namespace(String),
}

impl Scope {
    /// One scope per namespace; the cluster when none is named.
    pub fn all(namespaces: &[String]) -> Vec<Self> {
        if namespaces.is_empty() {
            return vec![Self::Cluster];
        }
        let mut namespaces = namespaces.to_vec();
        namespaces.sort();
        namespaces.dedup();
        namespaces.into_iter().map(Self::Namespace).collect()
    }

    /// The objects of a kind in this scope.
    pub fn api<K>(&self, client: &Client) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        match self {
            Self::Cluster => Api::all(client.clone()),
            Self::Namespace(namespace) => Api::namespaced(client.clone(), namespace),
        }
    }

    /// The same for a kind that is known at run time only.
    pub fn api_with<K>(&self, client: &Client, dynamic_type: &K::DynamicType) -> Api<K>
    where
        K: Resource<Scope = kube::core::DynamicResourceScope>,
    {
        match self {
            Self::Cluster => Api::all_with(client.clone(), dynamic_type),
            Self::Namespace(namespace) => Api::namespaced_with(client.clone(), namespace, dynamic_type),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => f.write_str("all namespaces"),
            Self::Namespace(namespace) => write!(f, "namespace {namespace}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_namespace_means_all_and_a_namespace_counts_once() {
        assert_eq!(Scope::all(&[]), [Scope::Cluster]);
        let twice = ["shop".to_owned(), "lab".to_owned(), "shop".to_owned()];
        assert_eq!(
            Scope::all(&twice),
            [Scope::Namespace("lab".into()), Scope::Namespace("shop".into())]
        );
    }
}
