//! `spec.observability.routing`: who is told of the platform's alerts.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{SecretKeyRef, rules};

/// Who is told of the platform's alerts, and when nobody is.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AlertRouting {
    /// Who is told, by name. Required.
    #[schemars(length(min = 1, max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub receivers: Vec<AlertReceiver>,
    /// Labels by which alerts come in one message. Default of both profiles: `alertname`, `app_id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 8),
        inner(length(min = 1, max = 63), regex(pattern = r"^[a-zA-Z_][a-zA-Z0-9_]*$"))
    )]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub group_by: Vec<String>,
    /// Seconds that the first message waits for more alerts of its group. Default of both profiles: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub group_wait_seconds: Option<i32>,
    /// Seconds before a message about alerts that joined a group. Default of both profiles: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400))]
    pub group_interval_seconds: Option<i32>,
    /// Seconds before the same message is sent again. Default of both profiles: 14400 (4 hours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 604_800))]
    pub repeat_interval_seconds: Option<i32>,
    /// Times at which nobody is told, by name. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub maintenance: Vec<MaintenanceTime>,
    /// Whether nobody is told while the whole platform is paused. A hibernated platform is always silent. Default of both profiles: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute_while_paused: Option<bool>,
}

/// Somebody who is told.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::RECEIVER_ONE_OF.rule())]
#[serde(rename_all = "camelCase")]
pub struct AlertReceiver {
    /// A name of yours. Required.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    )]
    pub name: String,
    /// Which alerts. Default of both profiles: `critical` for `pagerDuty`; `critical`, `warning` for the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub severities: Vec<AlertSeverity>,
    /// Whether the end of an alert is told too. Default of both profiles: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_resolved: Option<bool>,
    /// Messages to a channel. Exactly one of `slack`, `pagerDuty`, `email`, `webhook` is set. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<SlackReceiver>,
    /// Incidents in PagerDuty. Exactly one of `slack`, `pagerDuty`, `email`, `webhook` is set. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pager_duty: Option<PagerDutyReceiver>,
    /// Mails. Exactly one of `slack`, `pagerDuty`, `email`, `webhook` is set. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailReceiver>,
    /// A POST of JSON, as Alertmanager describes it. Exactly one of `slack`, `pagerDuty`, `email`, `webhook` is set. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookReceiver>,
}

/// How bad it is.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[schemars(transform = crate::schema::undescribed)]
#[serde(rename_all = "lowercase")]
pub enum AlertSeverity {
    /// Users notice: somebody gets up.
    Critical,
    /// Users will notice: somebody looks during the day.
    Warning,
}

impl AlertSeverity {
    /// The value of the alerts' label `severity`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
        }
    }
}

/// Messages to a channel of Slack.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SlackReceiver {
    /// The key of a Secret with the URL of an incoming webhook. Required.
    pub api_url_secret_key_ref: SecretKeyRef,
    /// Where to (`#todo-alerts`). Required.
    #[schemars(length(min = 1, max = 80), regex(pattern = r"^[^\s]+$"))]
    pub channel: String,
}

/// Incidents in PagerDuty.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PagerDutyReceiver {
    /// The key of a Secret with the integration key of the Events API v2. Required.
    pub routing_key_secret_key_ref: SecretKeyRef,
}

/// Mails.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::EMAIL_CREDENTIALS.rule())]
#[serde(rename_all = "camelCase")]
pub struct EmailReceiver {
    /// Address (`ops@example.com`); several with a comma between them. Required.
    #[schemars(length(min = 3, max = 320), regex(pattern = r"^[^\r\n]*[^\s@]+@[^\s@]+$"))]
    pub to: String,
    /// Sender (`alerts@example.com`). Required.
    #[schemars(length(min = 3, max = 320), regex(pattern = r"^[^\r\n]*[^\s@]+@[^\s@]+$"))]
    pub from: String,
    /// Host and port of the mail server (`mail.example.com:587`). Required.
    #[schemars(
        length(min = 3, max = 260),
        regex(pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?:[1-9][0-9]{0,4}$")
    )]
    pub smarthost: String,
    /// Who logs in; together with `passwordSecretKeyRef`. Default of both profiles: no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 320), regex(pattern = r"^[^\r\n]+$"))]
    pub username: Option<String>,
    /// The key of a Secret with the password; together with `username`. Default of both profiles: no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_key_ref: Option<SecretKeyRef>,
    /// Whether nothing is sent to a server without TLS. Default of both profiles: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_tls: Option<bool>,
}

/// A POST of JSON.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct WebhookReceiver {
    /// The key of a Secret with the URL: it often holds a token. Required.
    pub url_secret_key_ref: SecretKeyRef,
}

/// A time at which nobody is told, in UTC: all that is set holds.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::MAINTENANCE_NARROWS.rule())]
#[serde(rename_all = "camelCase")]
pub struct MaintenanceTime {
    /// A name of yours. Required.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    )]
    pub name: String,
    /// Times of the day, in UTC. Default of both profiles: the whole day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["start".into()]))]
    pub times: Vec<TimeOfDayRange>,
    /// Days of the week. Default of both profiles: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 7))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub weekdays: Vec<Weekday>,
    /// Days of the month. Default of both profiles: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["first".into()]))]
    pub days_of_month: Vec<DayOfMonthRange>,
    /// Months. Default of both profiles: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 12))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub months: Vec<Month>,
}

/// From one time of the day to another.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::MAINTENANCE_TIMES.rule())]
#[serde(rename_all = "camelCase")]
pub struct TimeOfDayRange {
    /// First minute (`22:00`). Required.
    #[schemars(length(min = 5, max = 5), regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub start: String,
    /// First minute after it (`24:00` is the end of the day). Required.
    #[schemars(
        length(min = 5, max = 5),
        regex(pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")
    )]
    pub end: String,
}

/// From one day of the month to another.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::MAINTENANCE_DAYS.rule())]
#[serde(rename_all = "camelCase")]
pub struct DayOfMonthRange {
    /// First day. Required.
    #[schemars(range(min = 1, max = 31))]
    pub first: i32,
    /// Last day. Required.
    #[schemars(range(min = 1, max = 31))]
    pub last: i32,
}

/// A day of the week.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they say it themselves")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// The value as Alertmanager writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }
}

/// A month.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they say it themselves")]
pub enum Month {
    January,
    February,
    March,
    April,
    May,
    June,
    July,
    August,
    September,
    October,
    November,
    December,
}

impl Month {
    /// The value as Alertmanager writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::January => "january",
            Self::February => "february",
            Self::March => "march",
            Self::April => "april",
            Self::May => "may",
            Self::June => "june",
            Self::July => "july",
            Self::August => "august",
            Self::September => "september",
            Self::October => "october",
            Self::November => "november",
            Self::December => "december",
        }
    }
}
