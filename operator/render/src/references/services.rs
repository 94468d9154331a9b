//! The environment of the services.

use todoplatform_api::{EnvVar, Services};

use super::Collector;
use crate::catalog::Service;

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
    pub(super) fn environment(&mut self, services: Option<&Services>) {
        for service in Service::ALL {
            let env = service_section(services, service).map_or(&[] as &[EnvVar], |section| &section.env);
            for (index, variable) in env.iter().enumerate() {
                let path = format!("spec.services.{}.env[{index}].secretKeyRef", service.as_str());
                self.user(variable.secret_key_ref.as_ref(), &path);
            }
        }
    }
}
