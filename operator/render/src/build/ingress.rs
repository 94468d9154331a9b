//! The Ingresses: to the gateway, and to the user's own apps.

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};
use todoplatform_api::IssuerKind;

use super::object::{child, metadata};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    validated::{App, IngressSettings, IngressTlsSettings},
};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let of_app = |app| Some(object(platform, app, platform.ingress(app)?));
    platform.apps.iter().filter_map(of_app).collect()
}

fn object(platform: &ValidatedPlatform, app: &App, settings: &IngressSettings) -> Child {
    let component = app.node.name.as_str();
    let name = platform.names.child(component);
    let mut metadata = metadata(platform, &name, Some(component));
    let mut annotations = settings.annotations.clone();
    annotations.extend(settings.tls.as_ref().and_then(issuer));
    metadata.annotations = (!annotations.is_empty()).then_some(annotations);
    let backend = IngressBackend {
        service: Some(IngressServiceBackend {
            name,
            port: Some(ServiceBackendPort {
                name: Some("http".into()),
                number: None,
            }),
        }),
        resource: None,
    };
    let rule = |host: &String| IngressRule {
        host: Some(host.clone()),
        http: Some(HTTPIngressRuleValue {
            paths: vec![HTTPIngressPath {
                backend: backend.clone(),
                path: Some(settings.path.clone()),
                path_type: "Prefix".into(),
            }],
        }),
    };
    let tls = settings.tls.as_ref().map(|tls| {
        vec![IngressTLS {
            hosts: Some(settings.hosts.clone()),
            secret_name: Some(tls.secret_name.clone()),
        }]
    });
    let ingress = Ingress {
        metadata,
        spec: Some(IngressSpec {
            ingress_class_name: settings.class_name.clone(),
            rules: Some(settings.hosts.iter().map(rule).collect()),
            tls,
            ..IngressSpec::default()
        }),
        status: None,
    };
    child(ChildKind::Ingress, Some(component), &ingress)
}

/// The annotation from which cert-manager makes the Certificate of an Ingress.
fn issuer(tls: &IngressTlsSettings) -> Option<(String, String)> {
    let issuer = tls.issuer.as_ref()?;
    let key = match issuer.kind.unwrap_or_default() {
        IssuerKind::Issuer => "cert-manager.io/issuer",
        IssuerKind::ClusterIssuer => "cert-manager.io/cluster-issuer",
    };
    Some((key.to_owned(), issuer.name.clone()))
}
