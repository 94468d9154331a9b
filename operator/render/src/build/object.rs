//! What every child has: names, labels, owner.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};
use serde::Serialize;
use todoplatform_api::{DeletionMode, TodoPlatform, annotations};

use crate::{Child, ChildKind, ValidatedPlatform, day2::DeletionClass, validated::App};

pub(crate) const NAME: &str = "app.kubernetes.io/name";
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";
pub(crate) const COMPONENT: &str = "app.kubernetes.io/component";
const PART_OF: &str = "app.kubernetes.io/part-of";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const VERSION: &str = "app.kubernetes.io/version";

/// The value of `app.kubernetes.io/managed-by` on every child.
pub const MANAGER: &str = "todoplatform-operator";

/// The labels of a component's objects; of those of the whole platform without a component.
pub(crate) fn labels(platform: &ValidatedPlatform, component: Option<&str>) -> BTreeMap<String, String> {
    let mut labels = match component {
        Some(component) => selector_labels(platform, component),
        None => BTreeMap::from([
            (NAME.to_owned(), "todo".to_owned()),
            (INSTANCE.to_owned(), platform.names.platform().to_owned()),
        ]),
    };
    labels.insert(PART_OF.into(), platform.names.platform().into());
    labels.insert(MANAGED_BY.into(), MANAGER.into());
    labels
}

/// The labels of an application with its version: the platform's for the five services, of the user's own app the tag of
/// its image.
pub(crate) fn versioned_labels(platform: &ValidatedPlatform, app: &App) -> BTreeMap<String, String> {
    let mut labels = labels(platform, Some(&app.node.name));
    let version = match app.node.service {
        Some(_) => Some(platform.version.as_str()),
        None => app.image.tag(),
    };
    if let Some(version) = version {
        labels.insert(VERSION.into(), label_value(version));
    }
    labels
}

/// The labels by which a component's pods are selected. Immutable in a Deployment: nothing that changes.
pub(crate) fn selector_labels(platform: &ValidatedPlatform, component: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        (NAME.into(), format!("todo-{component}")),
        (INSTANCE.into(), platform.names.platform().into()),
        (COMPONENT.into(), component.into()),
    ])
}

pub(crate) fn selector(platform: &ValidatedPlatform, component: &str) -> LabelSelector {
    LabelSelector {
        match_labels: Some(selector_labels(platform, component)),
        ..LabelSelector::default()
    }
}

/// The platform as the controller of its children of one class; none before it has a UID, and none of what outlives
/// it: garbage collection deletes what is owned, whether an operator runs or not.
pub(crate) fn owner_references(platform: &ValidatedPlatform, class: DeletionClass) -> Vec<OwnerReference> {
    if platform.day2.deletion.of(class) != DeletionMode::Delete {
        return Vec::new();
    }
    let owner = |uid: &String| OwnerReference {
        api_version: <TodoPlatform as kube::Resource>::api_version(&()).into_owned(),
        kind: <TodoPlatform as kube::Resource>::kind(&()).into_owned(),
        name: platform.names.platform().into(),
        uid: uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    };
    platform.uid.iter().map(owner).collect()
}

/// What says on an object of one class that it outlives the platform.
pub(crate) fn deletion_annotations(
    platform: &ValidatedPlatform,
    class: DeletionClass,
) -> BTreeMap<String, String> {
    match platform.day2.deletion.of(class) {
        DeletionMode::Delete => BTreeMap::new(),
        mode => BTreeMap::from([(annotations::DELETION_POLICY.into(), mode.as_str().into())]),
    }
}

pub(crate) fn metadata(platform: &ValidatedPlatform, name: &str, component: Option<&str>) -> ObjectMeta {
    classed_metadata(platform, DeletionClass::Workloads, name, component)
}

pub(crate) fn classed_metadata(
    platform: &ValidatedPlatform,
    class: DeletionClass,
    name: &str,
    component: Option<&str>,
) -> ObjectMeta {
    let owners = owner_references(platform, class);
    let annotations = deletion_annotations(platform, class);
    ObjectMeta {
        name: Some(name.into()),
        namespace: Some(platform.names.namespace().into()),
        labels: Some(labels(platform, component)),
        annotations: (!annotations.is_empty()).then_some(annotations),
        owner_references: (!owners.is_empty()).then_some(owners),
        ..ObjectMeta::default()
    }
}

/// Adds the labels by which the user's Prometheus, Alertmanager or Grafana selects an object. They never take the place of ours,
/// by which we know it.
pub(super) fn selected_by(metadata: &mut ObjectMeta, labels: &BTreeMap<String, String>) {
    let own = metadata.labels.take().unwrap_or_default();
    metadata.labels = Some(labels.clone().into_iter().chain(own).collect());
}

/// The object as a child.
pub(crate) fn child(kind: ChildKind, component: Option<&str>, object: &impl Serialize) -> Child {
    let object = serde_json::to_value(object).expect("an object of our own types is JSON");
    let name = object
        .pointer("/metadata/name")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
        .to_owned();
    Child {
        kind,
        name,
        component: component.map(Into::into),
        object,
    }
}

/// A text as a label's value: at most 63 characters that begin and end with a letter or digit.
fn label_value(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let kept: String = text.chars().filter(|c| allowed(*c)).take(63).collect();
    kept.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::label_value;

    proptest! {
        #[test]
        fn any_tag_becomes_a_label_value(tag in "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}") {
            let value = label_value(&tag);
            prop_assert!(value.len() <= 63);
            prop_assert!(value.is_empty() || value.starts_with(|c: char| c.is_ascii_alphanumeric()));
            prop_assert!(value.is_empty() || value.ends_with(|c: char| c.is_ascii_alphanumeric()));
        }
    }
}
