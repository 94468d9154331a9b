//! Which children there are: names, order, labels, owners.

use std::collections::BTreeSet;

use serde_json::json;
use todoplatform_render::{ChildKind, Facts, MANAGER, build, validate};

use crate::all;
use crate::common::{
    defaults, everything_external, named, objects, platform, rendered, sample, services, validated,
};

#[test]
fn the_same_input_gives_the_same_bytes() {
    for platform in all() {
        let bytes = |_| {
            let objects: Vec<_> = rendered(&platform)
                .children
                .into_iter()
                .map(|child| child.object)
                .collect();
            serde_json::to_string(&objects).unwrap()
        };
        assert_eq!(bytes(1), bytes(2));
    }
}

#[test]
fn no_two_children_have_one_name_and_kind() {
    for platform in all() {
        let resources = rendered(&platform);
        let names: BTreeSet<_> = resources
            .children
            .iter()
            .map(|child| (child.kind, &child.name))
            .collect();
        assert_eq!(names.len(), resources.children.len());
        let secrets: BTreeSet<_> = resources.secrets.iter().map(|recipe| &recipe.name).collect();
        assert_eq!(secrets.len(), resources.secrets.len());
    }
}

#[test]
fn children_come_in_the_order_of_apply() {
    for platform in all() {
        let kinds: Vec<_> = rendered(&platform)
            .children
            .iter()
            .map(|child| child.kind)
            .collect();
        assert!(kinds.is_sorted());
    }
}

#[test]
fn every_child_is_complete_labelled_and_owned() {
    for platform in all() {
        for child in rendered(&platform).children {
            let resource = child.kind.api_resource();
            let metadata = &child.object["metadata"];
            assert_eq!(
                child.object["apiVersion"],
                json!(resource.api_version),
                "{}",
                child.name
            );
            assert_eq!(child.object["kind"], json!(resource.kind), "{}", child.name);
            assert_eq!(metadata["name"], json!(child.name));
            assert_eq!(metadata["namespace"], "team");
            let labels = &metadata["labels"];
            assert_eq!(
                labels["app.kubernetes.io/instance"],
                json!(platform.metadata.name),
                "{}",
                child.name
            );
            assert_eq!(labels["app.kubernetes.io/managed-by"], MANAGER, "{}", child.name);
            let component = labels["app.kubernetes.io/component"].as_str();
            // An exporter is no component of the platform, but its pods are told apart by the label all the same.
            let is_exporter = component.is_some_and(|component| component.ends_with("-exporter"));
            if !is_exporter || child.kind == ChildKind::NetworkPolicy {
                assert_eq!(component, child.component.as_deref());
            }
            let [owner] = metadata["ownerReferences"].as_array().unwrap().as_slice() else {
                unreachable!("{} has not one owner", child.name)
            };
            assert_eq!(owner["uid"], json!(platform.metadata.uid));
            assert_eq!(owner["controller"], true);
            for value in labels.as_object().unwrap().values() {
                assert!(value.as_str().unwrap().len() <= 63);
            }
        }
    }
}

#[test]
fn without_a_uid_nothing_is_owned() {
    let mut platform = sample("development.yaml");
    platform.metadata.uid = None;
    let resources = rendered(&platform);
    assert!(
        resources
            .children
            .iter()
            .all(|child| child.object["metadata"]["ownerReferences"].is_null())
    );
    assert!(
        resources
            .secrets
            .iter()
            .all(|recipe| recipe.owner_references.is_empty())
    );
}

#[test]
fn every_name_fits_for_the_longest_platform() {
    let resources = rendered(&named(&"x".repeat(40), json!({})));
    for child in &resources.children {
        let longest = match child.kind {
            // Names of custom resources that are never a label nor a host.
            ChildKind::Component | ChildKind::Subscription => 253,
            // A pod's label is the StatefulSet's name and ten characters of a revision.
            ChildKind::StatefulSet => 52,
            _ => 63,
        };
        assert!(
            child.name.len() <= longest,
            "{} {}",
            child.kind.as_str(),
            child.name
        );
    }
    for recipe in &resources.secrets {
        assert!(recipe.name.len() <= 63, "{}", recipe.name);
    }
    for deployment in services(&resources) {
        let app_id = deployment["spec"]["template"]["metadata"]["annotations"]["dapr.io/app-id"]
            .as_str()
            .unwrap();
        assert!(app_id.len() <= 58, "{app_id}");
    }
}

#[test]
fn what_is_not_wanted_is_not_there() {
    let resources = rendered(&platform(
        json!({"observability": {"monitoring": {"enabled": false}}}),
    ));
    assert!(resources.children.iter().all(|child| !child.kind.is_monitoring()));
    let external = rendered(&platform(everything_external()));
    assert!(objects(&external, ChildKind::StatefulSet).is_empty());
    assert!(
        external
            .secrets
            .iter()
            .all(|recipe| recipe.name.ends_with("-token"))
    );
}

#[test]
fn a_kind_that_is_not_served_is_not_built() {
    let platform = sample("development.yaml");
    let mut facts = Facts::assumed(&platform);
    facts.optional_kinds.retain(|kind| !kind.is_monitoring());
    let validated = validate(&platform, &facts, &defaults()).unwrap();
    let resources = build(&validated, &facts);
    assert!(resources.children.iter().all(|child| !child.kind.is_monitoring()));
    assert!(
        resources
            .children
            .iter()
            .any(|child| child.kind == ChildKind::Deployment)
    );
}

#[test]
fn the_endpoint_is_the_gateways_service() {
    assert_eq!(
        validated(&sample("development.yaml")).endpoint(),
        Some("http://todo-gateway.team.svc.cluster.local:8080".into())
    );
}
