//! Build: one file per kind, each from the validated platform alone. Cannot fail.

mod alertmanager_config;
mod autoscaler;
mod component;
mod config;
mod config_map;
mod configuration;
mod dashboard;
mod database_setup;
mod deployment;
mod exporter;
mod gate;
mod hash;
mod http_route;
mod ingress;
mod kafka_topic;
mod monitor;
mod network_policy;
mod object;
mod persistent_volume_claim;
mod pod;
mod pod_disruption_budget;
mod prometheus_rule;
mod quantity;
mod resiliency;
mod scale;
mod scaled_object;
mod scheduling;
mod secret;
mod service;
mod service_account;
mod sidecar;
mod stateful_set;
mod stores;
mod subscription;
mod template_hash;

pub(crate) use config::owned_configuration;
pub use database_setup::setup_standing;
pub use object::MANAGER;
pub use template_hash::TEMPLATE_HASH;

use std::collections::BTreeSet;

use crate::{Child, Facts, Gate, Prepared, Resources, ValidatedPlatform};

/// Everything that the platform is made of; of optional kinds only those that the API server serves.
pub fn build(platform: &ValidatedPlatform, facts: &Facts) -> Resources<Prepared> {
    let gate = gate::gate(platform, facts);
    // Ordered as they are hashed into the pods.
    let dapr_objects = [
        configuration::build(platform),
        resiliency::build(platform),
        component::build(platform),
        subscription::build(platform),
    ]
    .concat();
    let mut children = [
        service_account::build(platform),
        config_map::build(platform),
        network_policy::build(platform),
        service::build(platform),
        persistent_volume_claim::build(platform),
        ingress::build(platform),
        http_route::build(platform),
        kafka_topic::build(platform),
        stateful_set::build(platform),
        autoscaler::build(platform, facts),
        pod_disruption_budget::build(platform),
        exporter::build(platform, facts),
        monitor::build(platform),
        prometheus_rule::build(platform),
        alertmanager_config::build(platform),
        dashboard::build(platform),
    ]
    .concat();
    children.extend(database_setup::build(platform, facts));
    if gate == Gate::Open {
        children.extend(deployment::build(platform, facts, &dapr_objects));
    }
    children.extend(dapr_objects);
    template_hash::mark(&mut children);
    // What would be there says what is skipped.
    let is_served = |child: &Child| !child.kind.optional() || facts.optional_kinds.contains(&child.kind);
    let (children, unserved): (Vec<Child>, Vec<Child>) = children.into_iter().partition(is_served);
    let skipped = unserved.iter().map(|child| child.kind).collect();
    let paused: BTreeSet<String> = platform
        .apps
        .iter()
        .filter(|app| app.paused)
        .map(|app| app.node.name.clone())
        .collect();
    let mut secrets = secret::build(platform);
    // Before the first start every Secret is waited for, and nothing is there yet that would have to stay.
    secrets.retain(|recipe| {
        let component = recipe.component.as_ref();
        !facts.started || component.is_none_or(|component| !paused.contains(component))
    });
    Resources::new(children, skipped, secrets, gate, paused)
}
