//! The service graph: every application of a platform, who calls whom, who hears whom.
//!
//! One list for the five services of the catalog and for those that the spec adds. Builders go over the applications
//! and never over the catalog, so that both kinds get the same objects.

mod check;

use std::collections::BTreeSet;

use todoplatform_api::{AppProtocol, ExtraService, ExtraStore, TodoPlatformSpec};

pub(crate) use check::check;

use crate::{
    catalog::{ADMIN_PORT, HTTP_PORT, Service, Store},
    references::service_section,
};

/// One application and its place among the others.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// The component's name: the part of a child's name after `<platform>-`.
    #[serde(skip)]
    pub name: String,
    /// Which of the five services it is; none for one that the spec adds.
    #[serde(skip)]
    pub service: Option<Service>,
    /// Its place in `spec.extraServices`; none for one of the five.
    pub extra: Option<usize>,
    /// Where the spec speaks of it (`spec.services.task`).
    #[serde(skip)]
    pub field_path: String,
    /// Port of its API.
    pub port: i32,
    /// What it speaks on that port.
    pub protocol: AppProtocol,
    /// Port where `/metrics` answers.
    pub metrics_port: Option<i32>,
    /// Topics that it publishes, without prefix.
    pub publishes: Vec<String>,
    /// Topics that it consumes.
    pub consumes: Vec<Consumption>,
    /// Names of the applications that it calls through its sidecar.
    pub calls: Vec<String>,
    /// Names of the applications that call it through its sidecar.
    #[serde(skip)]
    pub callers: Vec<String>,
    /// Where it keeps its state.
    pub stores: Vec<Store>,
    /// Routes of its API as patterns, for the paths in the sidecar's metrics; the event routes come on top.
    pub routes: Vec<String>,
}

/// One topic that an application consumes.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Consumption {
    /// The topic, without prefix.
    pub topic: String,
    /// Where its events arrive (`/events/task.created`).
    pub route: String,
}

impl Node {
    /// Whether it has a pub/sub component.
    pub fn uses_events(&self) -> bool {
        !self.publishes.is_empty() || !self.consumes.is_empty()
    }

    /// Whether it keeps state there.
    pub fn stores_in(&self, store: Store) -> bool {
        self.stores.contains(&store)
    }

    /// Whether its sidecar calls it: for a peer or with an event. Nothing calls the gateway so.
    pub fn has_app_port(&self) -> bool {
        !self.callers.is_empty() || !self.consumes.is_empty()
    }

    /// Whether it is this one of the five services.
    pub fn is(&self, service: Service) -> bool {
        self.service == Some(service)
    }
}

/// The applications of a platform that are switched on, those of the catalog first. What depends on one that is
/// switched off is left out: calls of it, and subscriptions on topics that nobody else publishes.
pub fn graph(spec: &TodoPlatformSpec) -> Vec<Node> {
    let (running, off): (Vec<_>, Vec<_>) = declared(spec).into_iter().partition(|(_, enabled)| *enabled);
    let mut nodes: Vec<_> = running.into_iter().map(|(node, _)| node).collect();
    let routes_off: BTreeSet<String> = off.into_iter().flat_map(|(node, _)| node.routes).collect();
    let names: BTreeSet<String> = nodes.iter().map(|node| node.name.clone()).collect();
    let published: BTreeSet<String> = nodes.iter().flat_map(|node| node.publishes.clone()).collect();
    for node in &mut nodes {
        node.calls.retain(|callee| names.contains(callee));
        node.consumes
            .retain(|consumption| published.contains(&consumption.topic));
        // The gateway's are those of the services behind it.
        node.routes.retain(|route| !routes_off.contains(route));
    }
    let calls: Vec<_> = nodes
        .iter()
        .map(|node| (node.name.clone(), node.calls.clone()))
        .collect();
    for node in &mut nodes {
        node.callers = calls
            .iter()
            .filter(|(_, callees)| callees.contains(&node.name))
            .map(|(caller, _)| caller.clone())
            .collect();
    }
    nodes
}

/// Every application that the spec knows of, and whether it is switched on.
fn declared(spec: &TodoPlatformSpec) -> Vec<(Node, bool)> {
    let built_in = Service::ALL.map(|service| {
        let section = service_section(spec.services.as_ref(), service);
        let enabled = section.and_then(|section| section.enabled).unwrap_or(true);
        (built_in(service), enabled)
    });
    let extra = spec
        .extra_services
        .iter()
        .enumerate()
        .map(|(index, section)| (extra(index, section), section.enabled.unwrap_or(true)));
    built_in.into_iter().chain(extra).collect()
}

fn built_in(service: Service) -> Node {
    let definition = service.definition();
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Node {
        name: service.as_str().into(),
        service: Some(service),
        extra: None,
        field_path: format!("spec.services.{}", service.as_str()),
        port: HTTP_PORT,
        protocol: AppProtocol::Http,
        metrics_port: Some(ADMIN_PORT),
        publishes: owned(definition.publishes),
        consumes: definition
            .consumes
            .iter()
            .map(|&topic| consumption(topic, None))
            .collect(),
        calls: definition
            .calls
            .iter()
            .map(|callee| callee.as_str().into())
            .collect(),
        callers: Vec::new(),
        stores: definition.stores.to_vec(),
        routes: owned(definition.routes),
    }
}

fn extra(index: usize, section: &ExtraService) -> Node {
    let store = |store: &ExtraStore| match store {
        ExtraStore::Postgresql => Store::PostgreSql,
        ExtraStore::Redis => Store::Redis,
        ExtraStore::DaprState => Store::DaprState,
    };
    Node {
        name: section.name.clone(),
        service: None,
        extra: Some(index),
        field_path: format!("spec.extraServices[{index}]"),
        port: section.port,
        protocol: section.protocol.unwrap_or(AppProtocol::Http),
        metrics_port: section.metrics_port,
        publishes: section.publishes.clone(),
        consumes: section
            .consumes
            .iter()
            .map(|consumed| consumption(&consumed.topic, consumed.route.clone()))
            .collect(),
        calls: section.calls.clone(),
        callers: Vec::new(),
        stores: section.stores.iter().map(store).collect(),
        routes: Vec::new(),
    }
}

fn consumption(topic: &str, route: Option<String>) -> Consumption {
    Consumption {
        topic: topic.into(),
        route: route.unwrap_or_else(|| format!("/events/{topic}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes() -> Vec<Node> {
        graph(&TodoPlatformSpec::default())
    }

    #[test]
    fn whatever_is_called_listens_to_its_sidecar_and_knows_its_callers() {
        let nodes = nodes();
        let mut calls = 0;
        for node in &nodes {
            for callee in &node.calls {
                let callee = nodes.iter().find(|other| other.name == *callee);
                assert!(
                    callee.is_some_and(|callee| callee.has_app_port() && callee.callers.contains(&node.name))
                );
                calls += 1;
            }
        }
        assert_eq!(calls, 4);
    }

    #[test]
    fn nobody_calls_the_gateway() {
        let gateway = nodes().into_iter().find(|node| node.is(Service::Gateway));
        assert!(gateway.is_some_and(|node| node.callers.is_empty() && !node.has_app_port()));
    }
}
