//! The environment of the applications.

use todoplatform_api::{EnvFrom, EnvFromKind, EnvVar, SecretKeyRef, Services, TodoPlatformSpec};

use super::{ALL_KEYS, Collector, ConfigMapReference};
use crate::{catalog::Service, graph::graph};

/// The overrides of one service.
pub(crate) fn service_section(
    services: Option<&Services>,
    service: Service,
) -> Option<&todoplatform_api::Service> {
    let services = services?;
    match service {
        Service::Gateway => services.gateway.as_ref(),
        Service::Task => services.task.as_ref(),
        Service::Scheduler => services.scheduler.as_ref(),
        Service::Notification => services.notification.as_ref(),
        Service::Analytics => services.analytics.as_ref(),
    }
}

impl Collector<'_> {
    pub(super) fn environment(&mut self, spec: &TodoPlatformSpec) {
        for node in graph(spec) {
            let built_in = node
                .service
                .and_then(|service| service_section(spec.services.as_ref(), service))
                .map(|section| (&section.env, &section.env_from));
            let extra = node.extra.and_then(|index| spec.extra_services.get(index));
            self.user(
                extra.and_then(|section| section.database_url_secret_key_ref.as_ref()),
                &format!("{}.databaseUrlSecretKeyRef", node.field_path),
            );
            let extra = extra.map(|section| (&section.env, &section.env_from));
            if let Some((env, env_from)) = built_in.or(extra) {
                self.variables(&node.field_path, env, env_from);
            }
        }
    }

    fn variables(&mut self, path: &str, env: &[EnvVar], env_from: &[EnvFrom]) {
        for (index, variable) in env.iter().enumerate() {
            self.user(
                variable.secret_key_ref.as_ref(),
                &format!("{path}.env[{index}].secretKeyRef"),
            );
        }
        for (index, source) in env_from.iter().enumerate() {
            let field_path = format!("{path}.envFrom[{index}]");
            match source.kind {
                EnvFromKind::Secret => {
                    let whole = SecretKeyRef {
                        name: source.name.clone(),
                        key: ALL_KEYS.into(),
                    };
                    self.user(Some(&whole), &field_path);
                }
                EnvFromKind::ConfigMap => self.references.config_maps.push(ConfigMapReference {
                    name: source.name.clone(),
                    field_path,
                }),
            }
        }
    }
}
