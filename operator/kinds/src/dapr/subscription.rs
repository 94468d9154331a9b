use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// Fields of a Dapr subscription: which topic goes to which route of an app.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "dapr.io",
    version = "v2alpha1",
    kind = "Subscription",
    namespaced,
    no_spec,
    schema = "disabled",
    derive = "PartialEq"
)]
pub struct SubscriptionFields {
    /// Topic and route.
    pub spec: SubscriptionSpec,
    /// App-ids that subscribe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

/// Topic and route of a subscription.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionSpec {
    /// The pub/sub component; in lower case, as Dapr has it.
    pub pubsubname: String,
    /// The topic.
    pub topic: String,
    /// Where its events go.
    pub routes: Routes,
    /// Where an event goes that the app could not handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_topic: Option<String>,
}

/// Where the events of a topic go.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// Path on the app's port.
    pub default: String,
}
