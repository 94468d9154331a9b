//! Services: the gateway for clients, the others for their metrics, the embedded stores for everybody.

use k8s_openapi::{
    api::core::v1::{Service, ServicePort, ServiceSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};
use todoplatform_api::AppProtocol;

use super::object::{child, metadata, selector_labels, versioned_labels};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    catalog::{ADMIN_PORT, HTTP_PORT, Service as CatalogService},
    graph::Node,
};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let services = platform.apps.iter().map(|app| {
        let component = app.node.name.as_str();
        let mut object = if app.node.is(CatalogService::Gateway) {
            gateway(platform)
        } else {
            service(platform, component, ports(&app.node))
        };
        object.metadata.labels = Some(versioned_labels(platform, app));
        child(ChildKind::Service, Some(component), &object)
    });
    let postgres = platform
        .postgres
        .iter()
        .map(|_| store(platform, "postgres", port("postgresql", 5432)));
    let redis = platform
        .redis
        .iter()
        .map(|_| store(platform, "redis", port("redis", 6379)));
    services.chain(postgres).chain(redis).collect()
}

/// Peers come through the sidecar: of the five services only the port of the metrics is reachable. A user's own app may
/// be reached from outside of the platform; a Gateway reads there what it speaks, and takes HTTP/1.1 for granted.
fn ports(node: &Node) -> Vec<ServicePort> {
    let h2c = (node.protocol == AppProtocol::H2c).then(|| "kubernetes.io/h2c".to_owned());
    let http = node.extra.map(|_| ServicePort {
        app_protocol: h2c,
        ..port("http", node.port)
    });
    let admin = node.metrics_port.map(|number| port("admin", number));
    http.into_iter().chain(admin).collect()
}

fn gateway(platform: &ValidatedPlatform) -> Service {
    let http = ServicePort {
        node_port: platform.gateway.node_port,
        ..port("http", HTTP_PORT)
    };
    let mut object = service(platform, "gateway", vec![http, port("admin", ADMIN_PORT)]);
    if let Some(spec) = &mut object.spec {
        spec.type_ = Some(platform.gateway.service_type.as_str().into());
    }
    object
}

fn store(platform: &ValidatedPlatform, component: &str, port: ServicePort) -> Child {
    child(
        ChildKind::Service,
        Some(component),
        &service(platform, component, vec![port]),
    )
}

fn service(platform: &ValidatedPlatform, component: &str, ports: Vec<ServicePort>) -> Service {
    Service {
        metadata: metadata(platform, &platform.names.child(component), Some(component)),
        spec: Some(ServiceSpec {
            type_: Some("ClusterIP".into()),
            selector: Some(selector_labels(platform, component)),
            ports: Some(ports),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

fn port(name: &str, number: i32) -> ServicePort {
    ServicePort {
        name: Some(name.into()),
        port: number,
        target_port: Some(IntOrString::String(name.into())),
        protocol: Some("TCP".into()),
        ..ServicePort::default()
    }
}
