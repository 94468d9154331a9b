//! The HTTPRoute to the gateway.

use todoplatform_kinds::gateway::{
    BackendRef, HTTPRoute, HTTPRouteSpec, HttpPathMatch, HttpRouteMatch, HttpRouteRule, ParentReference,
};

use super::object::{child, metadata};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    catalog::{HTTP_PORT, Service},
    validated::HttpRouteSettings,
};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    if platform.service(Service::Gateway).is_none() {
        return Vec::new();
    }
    let route = platform.gateway.http_route.as_ref();
    route
        .map(|settings| object(platform, settings))
        .into_iter()
        .collect()
}

fn object(platform: &ValidatedPlatform, settings: &HttpRouteSettings) -> Child {
    let component = Service::Gateway.as_str();
    let name = platform.names.child(component);
    let parents = settings.parents.iter().map(|parent| ParentReference {
        name: parent.name.clone(),
        namespace: parent.namespace.clone(),
        section_name: parent.section_name.clone(),
    });
    let spec = HTTPRouteSpec {
        parent_refs: parents.collect(),
        hostnames: settings.hostnames.clone(),
        rules: vec![HttpRouteRule {
            matches: vec![HttpRouteMatch {
                path: HttpPathMatch {
                    match_type: "PathPrefix".into(),
                    value: "/".into(),
                },
            }],
            backend_refs: vec![BackendRef {
                name: name.clone(),
                port: HTTP_PORT,
            }],
        }],
    };
    let mut route = HTTPRoute::new(&name, spec);
    route.metadata = metadata(platform, &name, Some(component));
    child(ChildKind::HttpRoute, Some(component), &route)
}
