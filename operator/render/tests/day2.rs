//! What outlives a platform, and who restarts.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use std::collections::BTreeMap;

use common::{platform, rendered};
use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{ChildKind, day2::Restarts};

/// Each object with how many owners it has and what its annotation says of the end of the platform.
fn fates(platform: &TodoPlatform) -> BTreeMap<String, (usize, Option<String>)> {
    let resources = rendered(platform);
    let of_children = resources.children.iter().map(|child| {
        let metadata = &child.object["metadata"];
        let owners = metadata["ownerReferences"].as_array().map_or(0, Vec::len);
        let mode = metadata["annotations"]["todoplatform.dev/deletion-policy"].as_str();
        (
            format!("{}/{}", child.kind.as_str(), child.name),
            (owners, mode.map(str::to_owned)),
        )
    });
    let of_secrets = resources.secrets.iter().map(|recipe| {
        let mode = recipe.annotations.get("todoplatform.dev/deletion-policy");
        (
            format!("Secret/{}", recipe.name),
            (recipe.owner_references.len(), mode.cloned()),
        )
    });
    of_children.chain(of_secrets).collect()
}

#[test]
fn what_goes_with_the_platform_is_owned_and_what_stays_is_not() {
    let objects = [
        "Deployment/todo-task",
        "StatefulSet/todo-postgres",
        "PersistentVolumeClaim/todo-postgres",
        "Secret/todo-postgres",
        "Secret/todo-signing-key",
        "Secret/todo-task-app-token",
    ];
    let cases = [
        (json!({}), [""; 6]),
        (json!({"data": "Retain"}), ["", "", "Retain", "Retain", "", ""]),
        (
            json!({"workloads": "Orphan", "data": "Retain", "keys": "Orphan"}),
            ["Orphan", "Orphan", "Retain", "Retain", "Orphan", "Orphan"],
        ),
    ];
    for (policy, expected) in cases {
        let fates = fates(&platform(json!({"deletionPolicy": policy.clone()})));
        for (object, mode) in objects.iter().zip(expected) {
            let wanted = if mode.is_empty() {
                (1, None)
            } else {
                (0, Some(mode.to_owned()))
            };
            assert_eq!(fates[*object], wanted, "{policy} {object}");
        }
    }
}

#[test]
fn a_claim_belongs_to_its_store_by_name_and_is_never_made_by_a_stateful_set() {
    let resources = rendered(&platform(
        json!({"database": {"embedded": {"storageSize": "2Gi"}}}),
    ));
    let of = |kind: ChildKind| {
        resources
            .children
            .iter()
            .find(|child| child.kind == kind && child.name == "todo-postgres")
            .unwrap()
    };
    let claim = of(ChildKind::PersistentVolumeClaim);
    assert_eq!(claim.object["spec"]["resources"]["requests"]["storage"], "2Gi");
    let set = of(ChildKind::StatefulSet);
    assert!(set.object["spec"]["volumeClaimTemplates"].is_null());
    let volumes = set.object["spec"]["template"]["spec"]["volumes"]
        .as_array()
        .unwrap();
    assert!(
        volumes.contains(&json!({"name": "data", "persistentVolumeClaim": {"claimName": "todo-postgres"}})),
        "{volumes:?}"
    );
}

#[test]
fn a_request_to_restart_is_in_the_templates_that_it_concerns_and_in_no_other() {
    let mut platform = platform(json!({}));
    let requests = [
        ("todoplatform.dev/restart-requested-at", "2026-03-01T10:00:00Z"),
        (
            "todoplatform.dev/restart-requested-at.task",
            "2026-03-01T11:00:00Z",
        ),
        (
            "todoplatform.dev/restart-requested-at.postgres",
            "2026-03-01T09:00:00Z",
        ),
        ("todoplatform.dev/restart-requested-atall", "no request"),
    ];
    platform.metadata.annotations = Some(
        requests
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    );
    let requests_of = |object: &Value| -> Vec<String> {
        let annotations = object["spec"]["template"]["metadata"]["annotations"].as_object();
        let mut found: Vec<String> = annotations
            .into_iter()
            .flatten()
            .filter(|(key, _)| key.starts_with("todoplatform.dev/restart"))
            .map(|(key, value)| {
                format!(
                    "{}={}",
                    key.trim_start_matches("todoplatform.dev/"),
                    value.as_str().unwrap()
                )
            })
            .collect();
        found.sort();
        found
    };
    let all = "restart-requested-at=2026-03-01T10:00:00Z";
    for child in rendered(&platform).children {
        let expected: &[&str] = match (child.kind, child.name.as_str()) {
            (ChildKind::Deployment, "todo-task") => &["restart-requested-at.task=2026-03-01T11:00:00Z", all],
            // An exporter is no component.
            (ChildKind::Deployment, name) if name.ends_with("-exporter") => &[],
            (ChildKind::Deployment, _) => &[all],
            (ChildKind::StatefulSet, "todo-postgres") => {
                &["restart-requested-at.postgres=2026-03-01T09:00:00Z"]
            }
            _ => &[],
        };
        assert_eq!(requests_of(&child.object), expected, "{}", child.name);
    }
    assert_eq!(Restarts::of(&platform).latest(), Some("2026-03-01T11:00:00Z"));
}
