//! Dapr Subscriptions: one per app and topic, and one on its dead letters.

use todoplatform_kinds::dapr::{Routes, Subscription, SubscriptionFields, SubscriptionSpec};

use super::object::{child, metadata};
use crate::{Child, ChildKind, ValidatedPlatform, catalog::Service};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let mut children = Vec::new();
    for service in platform.services.iter().map(|settings| settings.service) {
        for topic in service.definition().consumes {
            children.push(subscription(platform, service, topic));
            children.push(dead_letters(platform, service, topic));
        }
    }
    children
}

fn subscription(platform: &ValidatedPlatform, service: Service, topic: &str) -> Child {
    let spec = SubscriptionSpec {
        pubsubname: platform.names.events_component(service),
        topic: format!("{}{topic}", platform.topic_prefix),
        routes: Routes {
            default: format!("/events/{topic}"),
        },
        dead_letter_topic: Some(dead_letter_topic(platform, service, topic)),
    };
    object(platform, service, &name(platform, service, topic), spec)
}

/// Without a dead-letter topic of its own: its handler stores what arrives, and asks for it again only while its store is
/// away.
fn dead_letters(platform: &ValidatedPlatform, service: Service, topic: &str) -> Child {
    let spec = SubscriptionSpec {
        pubsubname: platform.names.events_component(service),
        topic: dead_letter_topic(platform, service, topic),
        routes: Routes {
            default: "/events/dead-letter".into(),
        },
        dead_letter_topic: None,
    };
    object(
        platform,
        service,
        &format!("{}-dlq", name(platform, service, topic)),
        spec,
    )
}

fn object(platform: &ValidatedPlatform, service: Service, name: &str, spec: SubscriptionSpec) -> Child {
    let fields = SubscriptionFields {
        spec,
        scopes: vec![platform.names.app_id(service)],
    };
    let mut object = Subscription::new(name, fields);
    object.metadata = metadata(platform, name, Some(service.as_str()));
    child(ChildKind::Subscription, Some(service.as_str()), &object)
}

fn name(platform: &ValidatedPlatform, service: Service, topic: &str) -> String {
    format!("{}-{}", platform.names.app_id(service), topic.replace('.', "-"))
}

fn dead_letter_topic(platform: &ValidatedPlatform, service: Service, topic: &str) -> String {
    format!(
        "{}{topic}.{}.dlq",
        platform.topic_prefix,
        platform.names.app_id(service)
    )
}
