//! How clients outside of the platform reach the user's own apps.

use todoplatform_api::{ExtraHttpRoute, ExtraIngress, IngressTls};

use super::Resolver;
use crate::{
    Violation,
    catalog::Service,
    graph::Node,
    references::service_section,
    validate::INVALID_SPEC,
    validated::{HttpRouteSettings, IngressSettings, IngressTlsSettings},
};

impl Resolver<'_> {
    pub(super) fn app_ingress(
        &self,
        node: &Node,
        violations: &mut Vec<Violation>,
    ) -> Option<IngressSettings> {
        let own = self.extra(node)?.ingress.as_ref()?;
        let section = self.spec.gateway.as_ref();
        let shared = section
            .and_then(|section| section.ingress.as_ref())
            .map(|ingress| self.ingress(ingress));
        let own_hosts = !own.hosts.is_empty();
        if !own_hosts && (shared.is_none() || !self.runs_gateway()) {
            let field = format!("{}.ingress.hosts", node.field_path);
            let other = section.and_then(|section| section.http_route.as_ref());
            let missing = self.nothing_to_share("spec.gateway.ingress", shared.is_some());
            let next_action = match other {
                Some(_) => format!(
                    "Use {}.httpRoute, as the gateway does, or set {field}",
                    node.field_path
                ),
                None => format!("Set {field}, or spec.gateway.ingress"),
            };
            violations.push(Violation {
                field_path: field,
                reason: INVALID_SPEC,
                message: format!("{} has no host: {missing}", node.name),
                next_action,
            });
            return None;
        }
        Some(self.merged_ingress(node, own, shared))
    }

    fn merged_ingress(
        &self,
        node: &Node,
        own: &ExtraIngress,
        shared: Option<IngressSettings>,
    ) -> IngressSettings {
        let (class, hosts, tls) = shared.map_or_else(Default::default, |shared| {
            (shared.class_name, shared.hosts, shared.tls)
        });
        // The certificate is asked for by the gateway's Ingress: asked for twice, cert-manager would refuse one of the two.
        let shared_tls = tls.map(|tls| IngressTlsSettings { issuer: None, ..tls });
        let own_hosts = !own.hosts.is_empty();
        let own_tls = own.tls.as_ref().map(|tls| self.ingress_tls(tls, &node.name));
        IngressSettings {
            class_name: own.class_name.clone().or(class),
            hosts: if own_hosts { own.hosts.clone() } else { hosts },
            path: path(own.path.as_ref(), own_hosts, node),
            tls: own_tls.or_else(|| shared_tls.filter(|_| !own_hosts)),
            annotations: own.annotations.clone(),
        }
    }

    pub(super) fn app_http_route(
        &self,
        node: &Node,
        violations: &mut Vec<Violation>,
    ) -> Option<HttpRouteSettings> {
        let own: &ExtraHttpRoute = self.extra(node)?.http_route.as_ref()?;
        let section = self.spec.gateway.as_ref();
        let shared = section.and_then(|section| section.http_route.as_ref());
        let own_parents = !own.parent_refs.is_empty();
        let own_place = own_parents || !own.hostnames.is_empty();
        let parents = match shared {
            _ if own_parents => own.parent_refs.clone(),
            // With a host of its own it stands beside the gateway, which may be switched off.
            Some(shared) if own_place || self.runs_gateway() => shared.parent_refs.clone(),
            _ => {
                let field = format!("{}.httpRoute.parentRefs", node.field_path);
                let missing = self.nothing_to_share("spec.gateway.httpRoute", shared.is_some());
                violations.push(Violation {
                    reason: INVALID_SPEC,
                    message: format!("{} has no Gateway to attach to: {missing}", node.name),
                    next_action: format!("Set {field}, or spec.gateway.httpRoute"),
                    field_path: field,
                });
                return None;
            }
        };
        let shared_hostnames = shared.filter(|_| !own_place).map(|shared| &shared.hostnames);
        Some(HttpRouteSettings {
            parents,
            hostnames: shared_hostnames.unwrap_or(&own.hostnames).clone(),
            path: path(own.path.as_ref(), own_place, node),
        })
    }

    /// The Secret with the certificate of an application's Ingress, and who fills it.
    pub(super) fn ingress_tls(&self, tls: &IngressTls, app: &str) -> IngressTlsSettings {
        IngressTlsSettings {
            secret_name: tls.secret_name.clone().unwrap_or_else(|| self.names.tls(app)),
            issuer: tls.issuer_ref.clone(),
        }
    }

    fn runs_gateway(&self) -> bool {
        service_section(self.spec.services.as_ref(), Service::Gateway)
            .and_then(|section| section.enabled)
            .unwrap_or(true)
    }

    fn nothing_to_share(&self, section: &str, is_set: bool) -> String {
        let because = if is_set && !self.runs_gateway() {
            "belongs to a gateway that is switched off"
        } else {
            "is not set"
        };
        format!("{section}, which it would share, {because}")
    }
}

/// At the gateway's own hosts an app stands below its name, beside the API.
fn path(own: Option<&String>, own_place: bool, node: &Node) -> String {
    own.cloned().unwrap_or_else(|| {
        if own_place {
            "/".into()
        } else {
            format!("/{}", node.name)
        }
    })
}
