//! How clients reach the platform.

use todoplatform_api::ServiceType;

use super::Resolver;
use crate::validated::GatewaySettings;

impl Resolver<'_> {
    pub(super) fn gateway(&self) -> GatewaySettings {
        let section = self.spec.gateway.as_ref();
        let rate = section.and_then(|section| section.rate_limit.as_ref());
        let service = section.and_then(|section| section.service.as_ref());
        let requests = rate.and_then(|rate| rate.requests).unwrap_or(10);
        GatewaySettings {
            cors_origins: section
                .and_then(|section| section.cors.as_ref())
                .map_or_else(Vec::new, |cors| cors.origins.clone()),
            requests,
            period_seconds: rate.and_then(|rate| rate.period_seconds).unwrap_or(60),
            burst: rate.and_then(|rate| rate.burst).unwrap_or(requests),
            service_type: service
                .and_then(|service| service.service_type)
                .unwrap_or(ServiceType::ClusterIP),
            node_port: service.and_then(|service| service.node_port),
        }
    }
}
