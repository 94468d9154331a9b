//! `spec.observability`: what the platform shows of itself. One file per section.

mod alerting;
mod dashboards;
mod monitoring;
mod routing;
mod slos;

pub use alerting::{AlertOverride, Alerting};
pub use dashboards::{DashboardDelivery, Dashboards, GrafanaOperator};
pub use monitoring::{Exporter, Exporters, Monitoring};
pub use routing::{
    AlertReceiver, AlertRouting, AlertSeverity, DayOfMonthRange, EmailReceiver, MaintenanceTime, Month,
    PagerDutyReceiver, SlackReceiver, TimeOfDayRange, WebhookReceiver, Weekday,
};
pub use slos::{SloObjective, Slos};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the platform shows of itself.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Observability {
    /// Objects for the Prometheus operator. Default of both profiles: made where its kinds are served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<Monitoring>,
    /// The platform's alerts. Default of both profiles: made with `monitoring`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerting: Option<Alerting>,
    /// How good the platform is meant to be. Default of both profiles: objectives for availability, latency, events and reminders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slos: Option<Slos>,
    /// Who is told of the platform's alerts: an AlertmanagerConfig. Default of both profiles: none, so that the alerts go where your Alertmanager sends what has no route of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<AlertRouting>,
    /// Dashboards for Grafana. Default of both profiles: ConfigMaps, where the cluster serves the Prometheus operator's kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dashboards: Option<Dashboards>,
}
