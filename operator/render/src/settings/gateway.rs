//! How clients reach the platform.

use todoplatform_api::{Ingress, ServiceType};

use super::Resolver;
use crate::{
    catalog::Service,
    validated::{
        CorsSettings, GatewayRouteSettings, GatewaySettings, HttpRouteSettings, IngressSettings,
        PolicySettings,
    },
};

/// Requests per user in [`PERIOD_SECONDS`].
const REQUESTS: i32 = 10;
const PERIOD_SECONDS: i32 = 60;

impl Resolver<'_> {
    pub(super) fn gateway(&self) -> GatewaySettings {
        let section = self.spec.gateway.as_ref();
        let rate = section.and_then(|section| section.rate_limit.as_ref());
        let service = section.and_then(|section| section.service.as_ref());
        let requests = rate.and_then(|rate| rate.requests).unwrap_or(REQUESTS);
        let policies = rate.map_or(&[] as &[_], |rate| &rate.policies);
        GatewaySettings {
            cors: section.and_then(|section| section.cors.as_ref()).map_or_else(
                CorsSettings::default,
                |cors| CorsSettings {
                    origins: cors.origins.clone(),
                    methods: cors.methods.clone(),
                    headers: cors.headers.clone(),
                    max_age_seconds: cors.max_age_seconds,
                    allow_credentials: cors.allow_credentials.unwrap_or(false),
                },
            ),
            requests,
            period_seconds: rate
                .and_then(|rate| rate.period_seconds)
                .unwrap_or(PERIOD_SECONDS),
            burst: rate.and_then(|rate| rate.burst).unwrap_or(requests),
            policies: policies
                .iter()
                .map(|policy| PolicySettings {
                    class: policy.class,
                    requests: policy.requests,
                    period_seconds: policy.period_seconds.unwrap_or(PERIOD_SECONDS),
                    burst: policy.burst.unwrap_or(policy.requests),
                })
                .collect(),
            service_type: service
                .and_then(|service| service.service_type)
                .unwrap_or(ServiceType::ClusterIP),
            node_port: service.and_then(|service| service.node_port),
            ingress: section
                .and_then(|section| section.ingress.as_ref())
                .map(|ingress| self.ingress(ingress)),
            http_route: section
                .and_then(|section| section.http_route.as_ref())
                .map(|route| GatewayRouteSettings {
                    route: HttpRouteSettings {
                        parents: route.parent_refs.clone(),
                        hostnames: route.hostnames.clone(),
                        path: "/".into(),
                    },
                    scheme: route.scheme.unwrap_or_default(),
                }),
        }
    }

    pub(super) fn ingress(&self, ingress: &Ingress) -> IngressSettings {
        IngressSettings {
            class_name: ingress.class_name.clone(),
            hosts: ingress.hosts.clone(),
            path: ingress.path.clone().unwrap_or_else(|| "/".into()),
            tls: ingress
                .tls
                .as_ref()
                .map(|tls| self.ingress_tls(tls, Service::Gateway.as_str())),
            annotations: ingress.annotations.clone(),
        }
    }
}
