//! What a sidecar is to load, from the objects that are sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use todoplatform_render::{Child, ChildKind, Prepared, Resources};

/// What the sidecars of one app are to load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The app's id in Dapr.
    pub app_id: String,
    /// The hash in the pods that run what is declared now.
    pub config_hash: Option<String>,
    /// Names of components.
    pub components: BTreeSet<String>,
    /// Component and topic of each subscription.
    pub subscriptions: BTreeSet<(String, String)>,
}

/// By component of the platform, each with a sidecar.
pub fn expected(resources: &Resources<Prepared>) -> BTreeMap<String, Arc<Expected>> {
    let of_kind = |kind: ChildKind| resources.children.iter().filter(move |child| child.kind == kind);
    of_kind(ChildKind::Deployment)
        .filter_map(|deployment| {
            let annotations = deployment.object.pointer("/spec/template/metadata/annotations")?;
            let app_id = text(&annotations["dapr.io/app-id"])?;
            let is_its = |child: &&Child| {
                let scopes = child.object["scopes"].as_array();
                scopes.is_some_and(|scopes| scopes.iter().any(|scope| scope == &app_id))
            };
            let subscription = |child: &Child| {
                let spec = &child.object["spec"];
                Some((text(&spec["pubsubname"])?, text(&spec["topic"])?))
            };
            let expected = Expected {
                config_hash: text(&annotations[super::CONFIG_HASH]),
                components: of_kind(ChildKind::Component)
                    .filter(is_its)
                    .map(|child| child.name.clone())
                    .collect(),
                subscriptions: of_kind(ChildKind::Subscription)
                    .filter(is_its)
                    .filter_map(subscription)
                    .collect(),
                app_id,
            };
            Some((deployment.component.clone()?, Arc::new(expected)))
        })
        .collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use todoplatform_render::{Facts, OperatorDefaults, build, validate};

    #[test]
    fn each_app_expects_what_is_scoped_to_it() {
        let platform = serde_json::from_value(json!({
            "apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform",
            "metadata": {"name": "todo", "namespace": "shop"}, "spec": {},
        }))
        .unwrap();
        let facts = Facts::assumed(&platform);
        let validated = validate(&platform, &facts, &OperatorDefaults::default()).unwrap();
        let expected = expected(&build(&validated, &facts));
        let notification = &expected["notification"];
        assert_eq!(notification.app_id, "todo-notification");
        assert_eq!(notification.config_hash.as_ref().map(String::len), Some(64));
        let components: Vec<_> = notification.components.iter().map(String::as_str).collect();
        assert_eq!(
            components,
            ["todo-notification-events", "todo-notification-state"]
        );
        assert_eq!(
            notification.subscriptions.len(),
            6,
            "three topics and their dead letters"
        );
        assert!(expected["gateway"].components.is_empty());
        assert!(!expected.contains_key("redis"));
    }
}
