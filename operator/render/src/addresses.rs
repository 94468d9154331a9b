//! Addresses outside of the cluster: a host and a path lead to one application.

use crate::{
    ValidatedPlatform, Violation, catalog::Service, graph::Node, validate::INVALID_SPEC,
    validated::HttpRouteSettings,
};

/// What one application takes of the world outside.
struct Claim<'a> {
    node: &'a Node,
    /// Its section of the spec.
    field_path: String,
    /// Host names; for a route that has none, the Gateways whose hosts it takes.
    places: Vec<String>,
    path: &'a str,
    /// The Secret that cert-manager is to fill.
    ordered_secret: Option<&'a str>,
}

/// Every address that two applications claim, in the order of the applications.
pub(crate) fn check(platform: &ValidatedPlatform) -> Vec<Violation> {
    let claims = claims(platform);
    let mut violations = Vec::new();
    for (index, claim) in claims.iter().enumerate() {
        for earlier in &claims[..index] {
            violations.extend(same_address(claim, earlier));
            violations.extend(same_secret(claim, earlier));
            violations.extend(hidden_route(claim, earlier));
        }
    }
    violations
}

fn claims(platform: &ValidatedPlatform) -> Vec<Claim<'_>> {
    let mut claims = Vec::new();
    for app in &platform.apps {
        let node = &app.node;
        let section = if node.is(Service::Gateway) {
            "spec.gateway"
        } else {
            &node.field_path
        };
        if let Some(ingress) = platform.ingress(app) {
            let ordered = ingress.tls.as_ref().filter(|tls| tls.issuer.is_some());
            claims.push(Claim {
                node,
                field_path: format!("{section}.ingress"),
                places: ingress.hosts.clone(),
                path: trimmed(&ingress.path),
                ordered_secret: ordered.map(|tls| tls.secret_name.as_str()),
            });
        }
        if let Some(route) = platform.http_route(app) {
            claims.push(Claim {
                node,
                field_path: format!("{section}.httpRoute"),
                places: places(platform, route),
                path: trimmed(&route.path),
                ordered_secret: None,
            });
        }
    }
    claims
}

fn places(platform: &ValidatedPlatform, route: &HttpRouteSettings) -> Vec<String> {
    if !route.hostnames.is_empty() {
        return route.hostnames.clone();
    }
    let gateways = route.parents.iter().map(|parent| {
        let namespace = parent.namespace.as_deref();
        let namespace = namespace.unwrap_or(platform.names.namespace());
        format!("any host of Gateway {namespace}/{}: ", parent.name)
    });
    gateways.collect()
}

/// `/v1/` takes the same requests as `/v1`.
fn trimmed(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/" } else { trimmed }
}

fn shared_place<'a>(claim: &'a Claim<'_>, earlier: &Claim<'_>) -> Option<&'a String> {
    claim.places.iter().find(|place| earlier.places.contains(place))
}

fn same_address(claim: &Claim<'_>, earlier: &Claim<'_>) -> Option<Violation> {
    let place = shared_place(claim, earlier).filter(|_| claim.path == earlier.path)?;
    Some(Violation {
        field_path: format!("{}.path", claim.field_path),
        reason: INVALID_SPEC,
        message: format!(
            "`{place}{}` leads to {} already: one address leads to one application",
            claim.path, earlier.node.name
        ),
        next_action: format!(
            "Choose another path or other host names than those of {}",
            earlier.field_path
        ),
    })
}

/// Of two Ingresses cert-manager makes the certificate for one, and leaves the other without.
fn same_secret(claim: &Claim<'_>, earlier: &Claim<'_>) -> Option<Violation> {
    let secret = claim
        .ordered_secret
        .filter(|secret| earlier.ordered_secret == Some(*secret))?;
    Some(Violation {
        field_path: format!("{}.tls.secretName", claim.field_path),
        reason: INVALID_SPEC,
        message: format!(
            "cert-manager fills Secret `{secret}` for {} already",
            earlier.node.name
        ),
        next_action: "Name another Secret, or remove issuerRef to use that one as it is".into(),
    })
}

/// The longer path wins: an app at the gateway's host may not take the API away.
fn hidden_route(claim: &Claim<'_>, earlier: &Claim<'_>) -> Option<Violation> {
    if !earlier.node.is(Service::Gateway) || claim.path.len() <= earlier.path.len() {
        return None;
    }
    let place = shared_place(claim, earlier)?;
    let is_below = |route: &&String| {
        let rest = route.strip_prefix(claim.path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let route = earlier.node.routes.iter().find(is_below)?;
    Some(Violation {
        field_path: format!("{}.path", claim.field_path),
        reason: INVALID_SPEC,
        message: format!(
            "`{place}{}` takes the gateway's own route {route} away from it",
            claim.path
        ),
        next_action: format!("Choose a path beside the API's, such as /{}", claim.node.name),
    })
}
