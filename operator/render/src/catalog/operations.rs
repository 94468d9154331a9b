//! What callers may do to a service, for its sidecar's access control.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Node;

/// The verbs of each route that peers call; the routes of [`super::Definition`].
const VERBS: &[(&str, &[&str])] = &[
    ("/v1/tasks", &["GET", "POST"]),
    ("/v1/tasks/due", &["GET"]),
    ("/v1/tasks/{id}", &["DELETE", "GET", "PATCH"]),
    ("/v1/tasks/{id}/complete", &["POST"]),
    ("/v1/tasks/{id}/history", &["GET"]),
    ("/v1/tasks/{id}/move", &["POST"]),
    ("/v1/sync", &["GET"]),
    ("/v1/trash", &["GET"]),
    ("/v1/trash/{id}", &["DELETE"]),
    ("/v1/trash/{id}/restore", &["POST"]),
    ("/v1/projects", &["GET", "POST"]),
    ("/v1/projects/{id}", &["DELETE", "GET", "PATCH"]),
    ("/v1/projects/{id}/members/{user}", &["DELETE", "PUT"]),
    ("/v1/reminders", &["GET"]),
    ("/v1/notifications", &["GET"]),
    ("/v1/notifications/preferences", &["GET", "PUT"]),
    ("/v1/analytics/daily", &["GET"]),
];

/// The paths of a service that peers may call, with all below them, and the verbs.
///
/// Dapr looks paths up in a tree, and the first one on the way down decides: `/v1/tasks` decides for `/v1/tasks/1` too,
/// whatever else is listed. So a path stands here with every verb of the routes below it.
pub(crate) fn operations(node: &Node) -> BTreeMap<String, BTreeSet<&'static str>> {
    let routes = node.routes.iter();
    prefixes(routes.map(|route| (route.as_str(), verbs(node, route))))
}

/// Of an application that the spec adds only the routes are known.
fn verbs(node: &Node, route: &str) -> &'static [&'static str] {
    if node.service.is_none() {
        return &["*"];
    }
    VERBS
        .iter()
        .find(|(known, _verbs)| *known == route)
        .map_or(&[], |(_route, verbs)| verbs)
}

fn prefixes<'a>(
    routes: impl Iterator<Item = (&'a str, &'static [&'static str])>,
) -> BTreeMap<String, BTreeSet<&'static str>> {
    let literal = |route: &str| {
        let before_parameter = route.split("/{").next().unwrap_or_default();
        before_parameter.to_ascii_lowercase()
    };
    let routes: Vec<_> = routes.map(|(route, verbs)| (literal(route), verbs)).collect();
    let mut found = BTreeMap::<String, BTreeSet<&str>>::new();
    for (path, verbs) in &routes {
        let shortest = routes
            .iter()
            .map(|(other, _verbs)| other)
            .filter(|other| covers(other, path))
            .min_by_key(|other| other.len())
            .unwrap_or(path);
        found.entry(shortest.clone()).or_default().extend(*verbs);
    }
    found
}

fn covers(path: &str, other: &str) -> bool {
    other
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use todoplatform_api::TodoPlatformSpec;

    use super::*;

    fn node(name: &str) -> Node {
        let nodes = crate::graph::graph(&TodoPlatformSpec::default());
        nodes.into_iter().find(|node| node.name == name).unwrap()
    }

    #[test]
    fn every_route_of_a_service_that_is_called_has_its_verbs() {
        for node in crate::graph::graph(&TodoPlatformSpec::default()) {
            for route in &node.routes {
                assert!(!verbs(&node, route).is_empty(), "{}: {route}", node.name);
            }
        }
    }

    #[test]
    fn a_path_has_the_verbs_of_all_below_it() {
        let all = BTreeSet::from(["DELETE", "GET", "PATCH", "POST"]);
        let of_projects = BTreeSet::from(["DELETE", "GET", "PATCH", "POST", "PUT"]);
        assert_eq!(
            operations(&node("task")),
            BTreeMap::from([
                ("/v1/projects".to_owned(), of_projects),
                ("/v1/sync".to_owned(), BTreeSet::from(["GET"])),
                ("/v1/tasks".to_owned(), all),
                ("/v1/trash".to_owned(), BTreeSet::from(["DELETE", "GET", "POST"]))
            ])
        );
        assert_eq!(
            operations(&node("notification")),
            BTreeMap::from([("/v1/notifications".to_owned(), BTreeSet::from(["GET", "PUT"]))])
        );
        let added = Node {
            service: None,
            routes: vec!["/Orders/{id}".into()],
            ..node("task")
        };
        assert_eq!(
            operations(&added),
            BTreeMap::from([("/orders".to_owned(), BTreeSet::from(["*"]))])
        );
    }

    #[test]
    fn paths_that_only_begin_with_the_same_letters_are_two() {
        let routes: [(&str, &'static [&'static str]); 2] = [("/v1/task", &["GET"]), ("/v1/tasks", &["PUT"])];
        assert_eq!(prefixes(routes.into_iter()).len(), 2);
    }
}
