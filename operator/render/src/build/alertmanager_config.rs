//! AlertmanagerConfig: who is told of the platform's alerts.
//!
//! A maintenance mutes the routes. A hibernated platform has no routes at all. A paused one cannot be written to, so its
//! alerts are inhibited by one that the operator's chart raises from what the operator says of itself.

use todoplatform_api::{MaintenanceTime, SecretKeyRef};
use todoplatform_kinds::monitoring::{
    AlertmanagerConfig, AlertmanagerConfigSpec, DayRange, EmailConfig, InhibitRule, Matcher,
    MuteTimeInterval, PagerdutyConfig, Receiver, Route, SecretKeySelector, SlackConfig, TimeInterval,
    TimeRange, WebhookConfig,
};

use super::object::{child, metadata, selected_by};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    validated::{ReceiverSettings, RoutingSettings, Way},
};

/// The alert that the operator's chart raises while a platform is paused as a whole.
const PAUSED_ALERT: &str = "TodoPlatformPaused";
/// The alerts about a store that is down: what needs the store fails too, and nobody has to be told twice.
const STORE_ALERTS: [&str; 2] = ["TodoPostgresDown", "TodoRedisDown"];
/// The families of alerts that a store that is down raises.
const FAMILIES_OF_STORES: [&str; 2] = ["delivery", "slo"];

/// The receiver that tells nobody: where alerts go that no receiver of the user's wants. No name of a user's has a dot.
const NOBODY: &str = "todo.nobody";

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let (Some(monitoring), Some(routing)) = (&platform.monitoring, &platform.routing) else {
        return Vec::new();
    };
    let name = platform.names.platform();
    let mut object = AlertmanagerConfig::new(
        name,
        AlertmanagerConfigSpec {
            route: route(platform, routing),
            receivers: receivers(routing),
            inhibit_rules: inhibit_rules(platform, routing),
            mute_time_intervals: routing.maintenance.iter().map(maintenance).collect(),
        },
    );
    object.metadata = metadata(platform, name, None);
    selected_by(&mut object.metadata, &monitoring.labels);
    vec![child(ChildKind::AlertmanagerConfig, None, &object)]
}

fn route(platform: &ValidatedPlatform, routing: &RoutingSettings) -> Route {
    let muted: Vec<String> = routing.maintenance.iter().map(|time| time.name.clone()).collect();
    let told = |receiver: &ReceiverSettings| {
        let severities: Vec<&str> = receiver.severities.iter().map(|it| it.as_str()).collect();
        Route {
            receiver: receiver.name.clone(),
            matchers: vec![matcher("severity", "=~", &severities.join("|"))],
            continue_: true,
            mute_time_intervals: muted.clone(),
            ..Route::default()
        }
    };
    let routes = if platform.hibernated {
        Vec::new()
    } else {
        routing.receivers.iter().map(told).collect()
    };
    Route {
        receiver: NOBODY.into(),
        group_by: routing.group_by.clone(),
        group_wait: Some(format!("{}s", routing.group_wait_seconds)),
        group_interval: Some(format!("{}s", routing.group_interval_seconds)),
        repeat_interval: Some(format!("{}s", routing.repeat_interval_seconds)),
        matchers: of_platform(platform),
        routes,
        ..Route::default()
    }
}

/// All of the user's stay also while none of them is told, so that nothing but the routes moves.
fn receivers(routing: &RoutingSettings) -> Vec<Receiver> {
    let nobody = Receiver {
        name: NOBODY.into(),
        ..Receiver::default()
    };
    std::iter::once(nobody)
        .chain(routing.receivers.iter().map(receiver))
        .collect()
}

fn receiver(settings: &ReceiverSettings) -> Receiver {
    let mut receiver = Receiver {
        name: settings.name.clone(),
        ..Receiver::default()
    };
    let send_resolved = settings.send_resolved;
    match &settings.way {
        Way::Slack(slack) => receiver.slack_configs.push(SlackConfig {
            api_url: selector(&slack.api_url_secret_key_ref),
            channel: slack.channel.clone(),
            title: TITLE.into(),
            text: TEXT.into(),
            send_resolved,
        }),
        Way::PagerDuty(pager_duty) => receiver.pagerduty_configs.push(PagerdutyConfig {
            routing_key: selector(&pager_duty.routing_key_secret_key_ref),
            // Of a group without one severity in common PagerDuty would refuse the empty text.
            severity: "{{ with .CommonLabels.severity }}{{ . }}{{ else }}critical{{ end }}".into(),
            send_resolved,
        }),
        Way::Email(email) => receiver.email_configs.push(EmailConfig {
            to: email.to.clone(),
            from: email.from.clone(),
            smarthost: email.smarthost.clone(),
            auth_username: email.username.clone(),
            auth_password: email.password_secret_key_ref.as_ref().map(selector),
            require_tls: email.require_tls.unwrap_or(true),
            send_resolved,
        }),
        Way::Webhook(webhook) => receiver.webhook_configs.push(WebhookConfig {
            url_secret: selector(&webhook.url_secret_key_ref),
            send_resolved,
        }),
    }
    receiver
}

/// What a message says first: how many of what, where.
const TITLE: &str = "[{{ .Status | toUpper }}{{ if eq .Status \"firing\" }}:{{ .Alerts.Firing | len }}{{ end }}] \
                     {{ .CommonLabels.alertname }} in {{ .CommonLabels.namespace }}/{{ .CommonLabels.platform }}";

/// What a message says of each alert: what happened, and what to do.
const TEXT: &str = "{{ range .Alerts }}*{{ .Labels.severity }}* {{ .Annotations.summary }}\n\
                    {{ .Annotations.description }}\n\
                    {{ with .Annotations.runbook_url }}<{{ . }}|Runbook>\n{{ end }}{{ end }}";

fn inhibit_rules(platform: &ValidatedPlatform, routing: &RoutingSettings) -> Vec<InhibitRule> {
    let rule = |source: Matcher, target: Vec<Matcher>, equal: &[&str]| InhibitRule {
        source_match: [of_platform(platform), vec![source]].concat(),
        target_match: [of_platform(platform), target].concat(),
        // Every alert has these labels: one that both lack would count as alike.
        equal: equal.iter().map(|label| (*label).to_owned()).collect(),
    };
    let mut rules = vec![
        rule(
            matcher("severity", "=", "critical"),
            vec![matcher("severity", "=", "warning")],
            &["namespace", "platform", "family"],
        ),
        rule(
            matcher("alertname", "=~", &STORE_ALERTS.join("|")),
            vec![matcher("family", "=~", &FAMILIES_OF_STORES.join("|"))],
            &["namespace", "platform"],
        ),
    ];
    if routing.mute_while_paused {
        rules.push(rule(
            matcher("alertname", "=", PAUSED_ALERT),
            vec![matcher("alertname", "!=", PAUSED_ALERT)],
            &["namespace", "platform"],
        ));
    }
    rules
}

/// Of this platform alone. The Prometheus operator adds the namespace only where the Alertmanager is told to.
fn of_platform(platform: &ValidatedPlatform) -> Vec<Matcher> {
    vec![
        matcher("namespace", "=", platform.names.namespace()),
        matcher("platform", "=", platform.names.platform()),
    ]
}

fn maintenance(time: &MaintenanceTime) -> MuteTimeInterval {
    MuteTimeInterval {
        name: time.name.clone(),
        time_intervals: vec![TimeInterval {
            times: time
                .times
                .iter()
                .map(|range| TimeRange {
                    start_time: range.start.clone(),
                    end_time: range.end.clone(),
                })
                .collect(),
            weekdays: time.weekdays.iter().map(|day| day.as_str().into()).collect(),
            days_of_month: time
                .days_of_month
                .iter()
                .map(|range| DayRange {
                    start: range.first,
                    end: range.last,
                })
                .collect(),
            months: time.months.iter().map(|month| month.as_str().into()).collect(),
        }],
    }
}

fn matcher(name: &str, match_type: &str, value: &str) -> Matcher {
    Matcher {
        name: name.into(),
        match_type: match_type.into(),
        value: value.into(),
    }
}

fn selector(reference: &SecretKeyRef) -> SecretKeySelector {
    SecretKeySelector {
        name: reference.name.clone(),
        key: reference.key.clone(),
    }
}
