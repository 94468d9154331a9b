//! Who is told of alerts.

use todoplatform_api::{
    AlertSeverity, EmailReceiver, MaintenanceTime, PagerDutyReceiver, SlackReceiver, WebhookReceiver,
};

/// Who is told of alerts, and when nobody is.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RoutingSettings {
    /// Who is told, in the order of the spec.
    pub receivers: Vec<ReceiverSettings>,
    /// Labels by which alerts come in one message.
    pub group_by: Vec<String>,
    /// How long the first message waits for more alerts.
    pub group_wait_seconds: i32,
    /// Pause before a message about alerts that joined.
    pub group_interval_seconds: i32,
    /// Pause before the same message again.
    pub repeat_interval_seconds: i32,
    /// Times at which nobody is told.
    pub maintenance: Vec<MaintenanceTime>,
    /// Whether nobody is told while the whole platform is paused.
    pub mute_while_paused: bool,
}

/// Somebody who is told.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ReceiverSettings {
    /// The name.
    pub name: String,
    /// Of which alerts.
    pub severities: Vec<AlertSeverity>,
    /// Whether the end is told too.
    pub send_resolved: bool,
    /// How.
    pub way: Way,
}

/// How somebody is told.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// By a message to a channel.
    Slack(SlackReceiver),
    /// By an incident.
    PagerDuty(PagerDutyReceiver),
    /// By mail.
    Email(EmailReceiver),
    /// By a POST of JSON.
    Webhook(WebhookReceiver),
}
