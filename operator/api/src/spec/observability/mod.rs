//! `spec.observability`: what the platform shows of itself. One file per section.

mod monitoring;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use monitoring::{Exporter, Exporters, Monitoring};

/// What the platform shows of itself.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Observability {
    /// Objects for the Prometheus operator. Default of both profiles: made where its kinds are served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<Monitoring>,
}
