use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::receiver::Receiver;

/// Who is told of which alerts of a namespace, and when nobody is.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "monitoring.coreos.com",
    version = "v1alpha1",
    kind = "AlertmanagerConfig",
    namespaced,
    schema = "disabled",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct AlertmanagerConfigSpec {
    /// Where alerts go.
    pub route: Route,
    /// Who can be told.
    pub receivers: Vec<Receiver>,
    /// Which alerts are not told while others are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inhibit_rules: Vec<InhibitRule>,
    /// Times that a route can name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mute_time_intervals: Vec<MuteTimeInterval>,
}

/// Where alerts go. The kind's schema says nothing of what is below `routes`: this type does.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// Name of the receiver.
    pub receiver: String,
    /// Labels by which alerts come in one message; empty takes those of the route above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// How long the first message waits for more alerts (`30s`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_wait: Option<String>,
    /// Pause before a message about alerts that joined (`5m`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_interval: Option<String>,
    /// Pause before the same message again (`4h`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_interval: Option<String>,
    /// Which alerts: all of these hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matchers: Vec<Matcher>,
    /// Whether the routes behind are tried too.
    #[serde(rename = "continue", default, skip_serializing_if = "std::ops::Not::not")]
    pub continue_: bool,
    /// Names of the times at which nobody is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mute_time_intervals: Vec<String>,
    /// Routes below, tried in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
}

/// A condition on a label.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Matcher {
    /// Name of the label.
    pub name: String,
    /// `=`, `!=`, `=~` or `!~`.
    pub match_type: String,
    /// What it is compared with.
    pub value: String,
}

/// While an alert of the one kind fires, nobody is told of those of the other.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct InhibitRule {
    /// Which alerts silence.
    pub source_match: Vec<Matcher>,
    /// Which alerts are silenced.
    pub target_match: Vec<Matcher>,
    /// Labels that both have alike. One that both lack counts as alike.
    pub equal: Vec<String>,
}

/// Times with a name.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct MuteTimeInterval {
    /// The name.
    pub name: String,
    /// The times: one of them holds.
    pub time_intervals: Vec<TimeInterval>,
}

/// A time: all that is named holds.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TimeInterval {
    /// Times of the day, in UTC.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<TimeRange>,
    /// Days of the week (`saturday`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<String>,
    /// Days of the month.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days_of_month: Vec<DayRange>,
    /// Months (`january`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub months: Vec<String>,
}

/// From one time of the day to another.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TimeRange {
    /// `HH:MM`
    pub start_time: String,
    /// `HH:MM`, itself outside; `24:00` is the end of the day.
    pub end_time: String,
}

/// From one day of the month to another.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DayRange {
    /// First day.
    pub start: i32,
    /// Last day, itself inside.
    pub end: i32,
}
