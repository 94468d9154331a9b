//! The applications and their sidecars.

use todoplatform_api::LogLevel;

use super::{
    Resolver,
    common::{image, resources},
};
use crate::{
    Violation, catalog,
    graph::Node,
    references,
    validated::{App, SidecarSettings},
};

impl Resolver<'_> {
    pub(super) fn app(&self, node: Node, violations: &mut Vec<Violation>) -> Option<App> {
        let service = node.service?;
        let section = references::service_section(self.spec.services.as_ref(), service);
        let name = node.name.as_str();
        let image = if let Some(own) = section.and_then(|section| section.image.as_deref()) {
            image(own, &format!("{}.image", node.field_path), violations)
        } else {
            let images = self.spec.images.as_ref();
            let registry = images
                .and_then(|images| images.registry.as_deref())
                .unwrap_or(&self.defaults.image_registry);
            image(
                &format!("{registry}/todo-{name}:{}", self.tag()),
                "spec.images.tag",
                violations,
            )
        };
        let amounts = (service.definition().resources)(self.profile);
        let replicas = if self.development() { 1 } else { 2 };
        let autoscaling = self.autoscaling(&node, section, violations);
        let least = autoscaling.map_or(replicas, |autoscaling| autoscaling.min);
        Some(App {
            image: image?,
            replicas: section.and_then(|section| section.replicas).unwrap_or(least),
            autoscaling,
            resources: resources(
                section.and_then(|section| section.resources.as_ref()),
                None,
                amounts,
            ),
            env: section.map_or_else(Vec::new, |section| section.env.clone()),
            log_level: section
                .and_then(|section| section.log_level)
                .unwrap_or(LogLevel::Info),
            sidecar: self.sidecar(section.and_then(|section| section.dapr.as_ref())),
            node,
        })
    }

    pub(super) fn sidecar(&self, own: Option<&todoplatform_api::ServiceDapr>) -> SidecarSettings {
        let shared = self.spec.dapr.as_ref();
        let block = if self.development() { 6 } else { 20 };
        SidecarSettings {
            log_level: own
                .and_then(|own| own.log_level)
                .or_else(|| shared.and_then(|shared| shared.log_level))
                .unwrap_or(LogLevel::Info),
            resources: resources(
                own.and_then(|own| own.resources.as_ref()),
                shared.and_then(|shared| shared.sidecar_resources.as_ref()),
                catalog::sidecar_amounts(self.profile),
            ),
            max_body_size: own
                .and_then(|own| own.max_body_size.clone())
                .unwrap_or_else(|| "4Mi".into()),
            graceful_shutdown_seconds: own.and_then(|own| own.graceful_shutdown_seconds).unwrap_or(5),
            block_shutdown_seconds: own.and_then(|own| own.block_shutdown_seconds).unwrap_or(block),
        }
    }
}
