//! The HTTPRoutes: to the gateway, and to the user's own apps.

use todoplatform_kinds::gateway::{
    BackendRef, HTTPRoute, HTTPRouteSpec, HttpPathMatch, HttpRouteMatch, HttpRouteRule, ParentReference,
};

use super::object::{child, metadata};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    validated::{App, HttpRouteSettings},
};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let of_app = |app| Some(object(platform, app, platform.http_route(app)?));
    platform.apps.iter().filter_map(of_app).collect()
}

fn object(platform: &ValidatedPlatform, app: &App, settings: &HttpRouteSettings) -> Child {
    let component = app.node.name.as_str();
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
                    value: settings.path.clone(),
                },
            }],
            backend_refs: vec![BackendRef {
                name: name.clone(),
                port: app.node.port,
            }],
        }],
    };
    let mut route = HTTPRoute::new(&name, spec);
    route.metadata = metadata(platform, &name, Some(component));
    child(ChildKind::HttpRoute, Some(component), &route)
}
