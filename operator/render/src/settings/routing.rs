//! `spec.observability.routing` decided.

use todoplatform_api::{AlertReceiver, AlertSeverity};

use super::Resolver;
use crate::validated::{ReceiverSettings, RoutingSettings, Way};

impl Resolver<'_> {
    /// None where nobody is named, and where there are no alerts to tell of.
    pub(super) fn routing(&self) -> Option<RoutingSettings> {
        let section = self.spec.observability.as_ref()?.routing.as_ref()?;
        if !self.is_monitored() {
            return None;
        }
        let group_by = match section.group_by.as_slice() {
            [] => vec!["alertname".to_owned(), "app_id".to_owned()],
            set => set.to_vec(),
        };
        Some(RoutingSettings {
            receivers: section.receivers.iter().filter_map(receiver).collect(),
            group_by,
            group_wait_seconds: section.group_wait_seconds.unwrap_or(30),
            group_interval_seconds: section.group_interval_seconds.unwrap_or(5 * 60),
            repeat_interval_seconds: section.repeat_interval_seconds.unwrap_or(4 * 60 * 60),
            maintenance: section.maintenance.clone(),
            mute_while_paused: section.mute_while_paused.unwrap_or(true),
        })
    }
}

/// None where a rule is broken: the receiver has no way.
fn receiver(receiver: &AlertReceiver) -> Option<ReceiverSettings> {
    let way = None
        .or_else(|| receiver.slack.clone().map(Way::Slack))
        .or_else(|| receiver.pager_duty.clone().map(Way::PagerDuty))
        .or_else(|| receiver.email.clone().map(Way::Email))
        .or_else(|| receiver.webhook.clone().map(Way::Webhook))?;
    let severities = match (receiver.severities.as_slice(), &way) {
        ([], Way::PagerDuty(_)) => vec![AlertSeverity::Critical],
        ([], _) => vec![AlertSeverity::Critical, AlertSeverity::Warning],
        (set, _) => set.to_vec(),
    };
    Some(ReceiverSettings {
        name: receiver.name.clone(),
        severities,
        send_resolved: receiver.send_resolved.unwrap_or(true),
        way,
    })
}
