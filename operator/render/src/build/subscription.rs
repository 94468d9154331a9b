//! Dapr Subscriptions: one per app and topic, and one on its dead letters.

use todoplatform_kinds::dapr::{Routes, Subscription, SubscriptionFields, SubscriptionSpec};

use super::object::{child, metadata};
use crate::{Child, ChildKind, ValidatedPlatform, graph::Consumption, validated::App};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let mut children = Vec::new();
    for App { node, .. } in &platform.apps {
        for Consumption { topic, route } in &node.consumes {
            children.push(subscription(platform, &node.name, topic, route));
            children.push(dead_letters(platform, &node.name, topic));
        }
    }
    children
}

fn subscription(platform: &ValidatedPlatform, app: &str, topic: &str, route: &str) -> Child {
    let spec = SubscriptionSpec {
        pubsubname: platform.names.events_component(app),
        topic: format!("{}{topic}", platform.topic_prefix),
        routes: Routes {
            default: route.into(),
        },
        dead_letter_topic: Some(dead_letter_topic(platform, app, topic)),
    };
    object(platform, app, &platform.names.subscription(app, topic), spec)
}

/// Without a dead-letter topic of its own: its handler stores what arrives, and asks for it again only while its store is
/// away.
fn dead_letters(platform: &ValidatedPlatform, app: &str, topic: &str) -> Child {
    let spec = SubscriptionSpec {
        pubsubname: platform.names.events_component(app),
        topic: dead_letter_topic(platform, app, topic),
        routes: Routes {
            default: "/events/dead-letter".into(),
        },
        dead_letter_topic: None,
    };
    object(
        platform,
        app,
        &platform.names.dead_letter_subscription(app, topic),
        spec,
    )
}

fn object(platform: &ValidatedPlatform, app: &str, name: &str, spec: SubscriptionSpec) -> Child {
    let fields = SubscriptionFields {
        spec,
        scopes: vec![platform.names.app_id(app)],
    };
    let mut object = Subscription::new(name, fields);
    object.metadata = metadata(platform, name, Some(app));
    child(ChildKind::Subscription, Some(app), &object)
}

fn dead_letter_topic(platform: &ValidatedPlatform, app: &str, topic: &str) -> String {
    platform
        .names
        .dead_letter_topic(&platform.topic_prefix, app, topic)
}
