//! Events on their way: out of the outbox, through the broker, into the consumers, and what became of the rest.

use todoplatform_api::AlertSeverity::{Critical, Warning};
use todoplatform_kinds::monitoring::Rule;

use super::{Alert, Scope, Threshold, kafka, klag, redis, redpanda};
use crate::validated::{App, BrokerMetrics};

const OUTBOX_STALLED: Alert = Alert {
    name: "TodoOutboxStalled",
    severity: Critical,
    family: "delivery",
    for_: "2m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "60",
        unit: "seconds",
    }),
    summary: "Events of {{ $labels.app_id }} do not get out",
    description: "The oldest event in the outbox has waited for {{ $value | humanizeDuration }}. None is lost. Look at: kubectl -n <namespace> logs deployment/{{ $labels.app_id }} -c daprd",
    dashboard: "events",
};
const OUTBOX_PARKED: Alert = Alert {
    name: "TodoOutboxParked",
    severity: Warning,
    family: "delivery",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "Events of {{ $labels.app_id }} were set aside",
    description: "Events that could not be published after many attempts, and that nobody tries any more: {{ $value | printf \"%.0f\" }}. Look at: kubectl -n <namespace> logs deployment/{{ $labels.app_id }} -c app",
    dashboard: "events",
};
const DEAD_LETTERS_KEPT: Alert = Alert {
    name: "TodoDeadLettersKept",
    severity: Warning,
    family: "dead-letters",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "{{ $labels.app_id }} keeps dead letters of {{ $labels.topic }}",
    description: "Events that could not be handled and wait in its table for somebody to decide: {{ $value | printf \"%.0f\" }}. Look at: kubectl -n <namespace> logs deployment/{{ $labels.app_id }} -c app",
    dashboard: "events",
};
pub(super) const CONSUMER_STUCK: Alert = Alert {
    name: "TodoConsumerStuck",
    severity: Critical,
    family: "delivery",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "A consumer group of <namespace>/<platform> takes nothing, though there is something",
    description: "For 15 minutes <subject> has not moved while events wait. Look at: kubectl -n <namespace> get pods -l app.kubernetes.io/instance=<platform>",
    dashboard: "events",
};
pub(super) const CONSUMER_BEHIND: Alert = Alert {
    name: "TodoConsumerBehind",
    severity: Warning,
    family: "delivery",
    for_: "10m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "300",
        unit: "seconds",
    }),
    summary: "Events of <namespace>/<platform> are handled late",
    description: "<subject> is {{ $value | humanizeDuration }} behind. Look at: kubectl -n <namespace> top pods -l app.kubernetes.io/instance=<platform>",
    dashboard: "events",
};
pub(super) const CONSUMER_GONE: Alert = Alert {
    name: "TodoConsumerGone",
    severity: Critical,
    family: "delivery",
    for_: "10m",
    keep_firing_for: None,
    threshold: None,
    summary: "Nobody takes events that wait for <namespace>/<platform>",
    description: "<subject> has no consumer that is alive. Look at: kubectl -n <namespace> get pods -l app.kubernetes.io/instance=<platform>",
    dashboard: "events",
};
pub(super) const BACKLOG_GROWING: Alert = Alert {
    name: "TodoBacklogGrowing",
    severity: Warning,
    family: "delivery",
    for_: "30m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "100",
        unit: "events, from which on it counts",
    }),
    summary: "More events arrive for <namespace>/<platform> than are handled",
    description: "What waits for <subject> has grown for half an hour. Look at: kubectl -n <namespace> top pods -l app.kubernetes.io/instance=<platform>",
    dashboard: "events",
};
pub(super) const UNDER_REPLICATED: Alert = Alert {
    name: "TodoKafkaUnderReplicated",
    severity: Warning,
    family: "broker",
    for_: "10m",
    keep_firing_for: None,
    threshold: None,
    summary: "Topics of <namespace>/<platform> lack replicas",
    description: "A broker is away or behind: the next one that fails may stop <subject>. Look at the brokers' pods and logs.",
    dashboard: "events",
};
pub(super) const DEAD_LETTERS: Alert = Alert {
    name: "TodoDeadLetters",
    severity: Warning,
    family: "dead-letters",
    for_: "0s",
    keep_firing_for: Some("30m"),
    threshold: None,
    summary: "Events of <namespace>/<platform> became dead letters",
    description: "<subject> has new entries: every attempt to handle these events failed. Look at: kubectl -n <namespace> logs -l app.kubernetes.io/instance=<platform> -c app --prefix",
    dashboard: "events",
};
pub(super) const BROKER_METRICS_MISSING: Alert = Alert {
    name: "TodoBrokerMetricsMissing",
    severity: Warning,
    family: "broker",
    for_: "10m",
    keep_firing_for: None,
    threshold: None,
    summary: "Nothing is known of the broker of <namespace>/<platform>",
    description: "No metrics of it arrive, so none of its other alerts can fire. Look at: kubectl -n <namespace> get podmonitors,servicemonitors",
    dashboard: "events",
};

pub(super) const ALERTS: &[Alert] = &[
    OUTBOX_STALLED,
    OUTBOX_PARKED,
    CONSUMER_STUCK,
    CONSUMER_BEHIND,
    CONSUMER_GONE,
    BACKLOG_GROWING,
    UNDER_REPLICATED,
    DEAD_LETTERS,
    DEAD_LETTERS_KEPT,
    BROKER_METRICS_MISSING,
];

pub(super) fn rules(scope: &Scope<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    if scope
        .apps()
        .iter()
        .any(|App { node, .. }| node.service.is_some() && !node.publishes.is_empty())
    {
        rules.push(scope.alert(
            &OUTBOX_STALLED,
            "max by (namespace,app_id) (todo_outbox_oldest_age_seconds{<own>,<apps>}) > <threshold>",
        ));
        rules.push(scope.alert(
            &OUTBOX_PARKED,
            "max by (namespace,app_id) (todo_outbox_parked{<own>,<apps>}) > 0",
        ));
    }
    if let Some(consumers) = consumers(scope) {
        rules.push(consumers.alert(
            &DEAD_LETTERS_KEPT,
            "max by (namespace,app_id,topic) (todo_dead_letters{<own>,<apps>}) > 0",
        ));
        // Whatever the broker: how old events are when they have been handled.
        rules.push(
            consumers
                .labelled("signal", "age")
                .with("subject", "{{ $labels.app_id }} with {{ $labels.topic }}")
                .alert(
                    &CONSUMER_BEHIND,
                    "histogram_quantile(0.95, sum by (namespace,app_id,topic,le) (rate(todo_event_age_seconds_bucket{<own>,<apps>}[10m]))) > <threshold>",
                ),
        );
        rules.extend(match &scope.monitoring.broker {
            BrokerMetrics::RedisStreams => redis::streams(&consumers),
            BrokerMetrics::KafkaExporter => klag::rules(&consumers),
            BrokerMetrics::Strimzi { .. } => kafka::rules(&consumers),
            BrokerMetrics::Redpanda { .. } => redpanda::rules(&consumers),
            BrokerMetrics::None => Vec::new(),
        });
    }
    rules.into_iter().flatten().collect()
}

/// The names that the broker knows: of groups, of topics, of topics of dead letters. None where nobody consumes.
fn consumers<'a>(scope: &Scope<'a>) -> Option<Scope<'a>> {
    let names = &scope.platform.names;
    let prefix = &scope.platform.topic_prefix;
    let (mut apps, mut groups, mut topics, mut dead) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for app in scope
        .apps()
        .into_iter()
        .filter(|app| !app.node.consumes.is_empty())
    {
        let app_id = scope.app_id(app);
        groups.push(names.consumer_group(&app.node.name));
        apps.push(app_id);
        for consumption in &app.node.consumes {
            topics.push(format!("{prefix}{}", consumption.topic));
            dead.push(names.dead_letter_topic(prefix, &app.node.name, &consumption.topic));
        }
    }
    if apps.is_empty() {
        return None;
    }
    let (topic, group) = match &scope.monitoring.broker {
        BrokerMetrics::RedisStreams => ("stream", "group"),
        BrokerMetrics::Redpanda { .. } => ("redpanda_topic", "redpanda_group"),
        BrokerMetrics::KafkaExporter => ("topic", "group"),
        _ => ("topic", "consumergroup"),
    };
    let all = [topics.clone(), dead.clone()].concat();
    Some(
        scope
            .matching("apps", "app_id", apps)
            .matching("groups", group, groups)
            .matching("topics", topic, topics)
            .matching("dead", topic, dead)
            .matching("all-topics", topic, all),
    )
}
