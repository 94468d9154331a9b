//! The keys that only this service has.

use serde::{Deserialize, Serialize};
use todo_kit::config::PubSubConfig;

/// The keys of analytics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnalyticsConfig {
    /// The service's own pub/sub component. Analytics only consumes, by declared subscriptions, but the platform says
    /// to every service where its events come from.
    pub pubsub: PubSubConfig,
}
