//! The part of a sidecar's `/v1.0/metadata` that is compared.

use std::collections::BTreeSet;

use serde::Deserialize;

/// What a sidecar says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Version of daprd.
    pub runtime_version: String,
    /// Components that have loaded.
    pub components: BTreeSet<String>,
    /// Component and topic of each subscription that is active.
    pub subscriptions: BTreeSet<(String, String)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    #[serde(default)]
    runtime_version: String,
    components: Option<Vec<Component>>,
    subscriptions: Option<Vec<Subscription>>,
}

#[derive(Deserialize)]
struct Component {
    name: String,
}

#[derive(Deserialize)]
struct Subscription {
    pubsubname: String,
    topic: String,
}

impl Metadata {
    /// From the answer's body. daprd leaves out, or writes `null` for, a list that is empty.
    pub fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        let answered: Answered = serde_json::from_slice(body)?;
        let components = answered.components.unwrap_or_default();
        let subscriptions = answered.subscriptions.unwrap_or_default();
        Ok(Self {
            runtime_version: answered.runtime_version,
            components: components.into_iter().map(|component| component.name).collect(),
            subscriptions: subscriptions
                .into_iter()
                .map(|subscription| (subscription.pubsubname, subscription.topic))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sidecar_answers_is_understood() {
        let body = br#"{"id":"todo-task","runtimeVersion":"1.18.2","enabledFeatures":["ServiceInvocationStreaming"],
            "actors":[],"components":[{"name":"todo-task-events","type":"pubsub.redis","version":"v1","capabilities":["SUBSCRIBE_WILDCARDS"]}],
            "subscriptions":[{"pubsubname":"todo-task-events","topic":"task.created","metadata":{},"rules":[{"path":"/events/task.created"}],
            "deadLetterTopic":"x","type":"DECLARATIVE"}],"extended":{"appCommand":""},"scheduler":{"connected_addresses":[]}}"#;
        let metadata = Metadata::parse(body).unwrap();
        assert_eq!(metadata.runtime_version, "1.18.2");
        assert_eq!(metadata.components, ["todo-task-events".to_owned()].into());
        assert_eq!(
            metadata.subscriptions,
            [("todo-task-events".to_owned(), "task.created".to_owned())].into()
        );
    }

    #[test]
    fn lists_may_be_absent_and_other_texts_are_refused() {
        assert_eq!(
            Metadata::parse(br#"{"components": null}"#).unwrap(),
            Metadata::default()
        );
        Metadata::parse(b"not found").unwrap_err();
    }
}
