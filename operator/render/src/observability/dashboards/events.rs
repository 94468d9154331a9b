//! The way of events: out of the outbox, through the broker, into a service; and those that did not get through.

use super::{CHOSEN, Colour, Draft, INTERVAL, Panel, Row, Unit, WIDTH, quantile, rate, row};
use crate::{ValidatedPlatform, validated::BrokerMetrics};

/// How a broker that others use too calls what is the platform's own, as expressions that `=~` takes.
pub(super) struct Own {
    topics: String,
    groups: String,
}

impl Own {
    pub(super) fn of(platform: &ValidatedPlatform) -> Self {
        // Of what names are made of, only the dot means something else.
        let literal = |text: &str| text.replace('.', "[.]");
        let group = platform.names.consumer_group("");
        Self {
            topics: format!("{}.*", literal(&platform.topic_prefix)),
            groups: format!("{}.*", literal(&group)),
        }
    }
}

pub(super) fn dashboard(broker: &BrokerMetrics, own: &Own) -> Draft {
    Draft {
        name: "events",
        title: "Events",
        description: "The way of events: out of the outbox, through the broker, into a service; and those that did not get through.",
        has_apps: false,
        rows: vec![
            row("Out of the outbox", outbox()),
            row("Into the services", handled()),
            row("Dead letters", dead_letters()),
            self::broker(broker, own),
        ],
    }
}

fn outbox() -> Vec<Panel> {
    let largest = |metric: &str| format!("max by (app_id) ({metric}{{{CHOSEN}}})");
    vec![
        Panel::lines(
            "Oldest event not published",
            "How long the oldest event of an outbox has waited.",
            Unit::Seconds,
        )
        .line(largest("todo_outbox_oldest_age_seconds"), "{{app_id}}")
        .from(60.0, Colour::Red),
        Panel::lines(
            "Events that wait, and that are parked",
            "Parked events failed too often and are not tried any more.",
            Unit::Count,
        )
        .line(largest("todo_outbox_pending"), "{{app_id}} waiting")
        .line(largest("todo_outbox_parked"), "{{app_id}} parked"),
        Panel::lines(
            "Published",
            "Attempts to publish, by topic and outcome.",
            Unit::PerSecond,
        )
        .line(
            rate("topic, outcome", "todo_outbox_published_total", CHOSEN),
            "{{topic}} {{outcome}}",
        ),
    ]
}

fn handled() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Handled",
            "Events by service and what became of them. Duplicates are recognised and do nothing.",
            Unit::PerSecond,
        )
        .line(
            rate("app_id, outcome", "todo_event_handled_total", CHOSEN),
            "{{app_id}} {{outcome}}",
        ),
        Panel::lines(
            "Age when handled, 95 of 100",
            "From when an event happened until it was handled: the whole way.",
            Unit::Seconds,
        )
        .line(
            quantile("0.95", "app_id, topic", "todo_event_age_seconds", CHOSEN),
            "{{app_id}} {{topic}}",
        )
        .from(30.0, Colour::Red),
        Panel::lines(
            "Deliveries that are tried again",
            "Share of a sidecar's deliveries that the app did not take.",
            Unit::Ratio,
        )
        .line(
            super::share(
                "app_id, topic",
                "dapr_component_pubsub_ingress_count",
                CHOSEN,
                "process_status=\"retry\"",
            ),
            "{{app_id}} {{topic}}",
        )
        .from(0.05, Colour::Orange),
    ]
}

fn dead_letters() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Dead letters that arrived",
            "Events that a service was offered in vain as often as it is tried, in the width of a step.",
            Unit::Count,
        )
        .width(WIDTH / 2)
        .line(
            format!(
                "sum by (app_id, topic) (increase(todo_dead_letters_received_total{{{CHOSEN}}}[{INTERVAL}]))"
            ),
            "{{app_id}} {{topic}}",
        ),
        Panel::lines(
            "Dead letters that are kept",
            "Rows in the table of dead letters, until somebody sends them again or removes them.",
            Unit::Count,
        )
        .width(WIDTH / 2)
        .line(
            format!("max by (app_id, topic) (todo_dead_letters{{{CHOSEN}}})"),
            "{{app_id}} {{topic}}",
        ),
    ]
}

fn broker(broker: &BrokerMetrics, own: &Own) -> Row {
    match broker {
        BrokerMetrics::RedisStreams => row("Broker: Redis streams", redis_streams(own)),
        BrokerMetrics::KafkaExporter => row("Broker: Kafka", klag(own)),
        BrokerMetrics::Strimzi { .. } => row("Broker: Kafka", kafka(own)),
        BrokerMetrics::Redpanda { .. } => row("Broker: Redpanda", redpanda(own)),
        BrokerMetrics::None => row(
            "Broker",
            vec![Panel::text(
                "Nothing of the broker is scraped",
                "How far consumers are behind is seen above by the age of events alone.",
            )],
        ),
    }
}

const BEHIND: &str = "Behind";
const CONSUMERS: &str = "Consumers";

fn redis_streams(own: &Own) -> Vec<Panel> {
    let streams = format!("{CHOSEN},stream=~\"{}\"", own.topics);
    let groups = format!("{streams},group=~\"{}\"", own.groups);
    vec![
        Panel::lines(
            BEHIND,
            "Time between the newest entry of a stream and the newest that a consumer group was given: ids are milliseconds.",
            Unit::Milliseconds,
        )
        .line(
            format!(
                "clamp_min(max by (db, stream) (redis_stream_last_generated_id{{{streams}}}) - on (db, stream) group_right () \
                 max by (db, stream, group) (redis_stream_group_last_delivered_id{{{groups}}}), 0)"
            ),
            "{{group}} {{stream}}",
        ),
        Panel::lines(
            "Not acknowledged",
            "Entries that a consumer group was given and has not acknowledged.",
            Unit::Count,
        )
        .line(
            format!("max by (group, stream) (redis_stream_group_messages_pending{{{groups}}})"),
            "{{group}} {{stream}}",
        ),
        Panel::lines(
            CONSUMERS,
            "Consumers of each group. One that went away without a word stays.",
            Unit::Count,
        )
        .line(
            format!("max by (group, stream) (redis_stream_group_consumers{{{groups}}})"),
            "{{group}} {{stream}}",
        ),
        Panel::lines(
            "Length of streams",
            "Entries of each stream. The oldest ones are dropped beyond a length.",
            Unit::Count,
        )
        .width(WIDTH)
        .line(
            format!("max by (stream) (redis_stream_length{{{streams}}})"),
            "{{stream}}",
        ),
    ]
}

/// By the platform's own exporter.
fn klag(own: &Own) -> Vec<Panel> {
    let topics = format!("{CHOSEN},topic=~\"{}\"", own.topics);
    let groups = format!("{CHOSEN},group=~\"{}\"", own.groups);
    vec![
        Panel::lines(
            BEHIND,
            "Events that a consumer group has not handled.",
            Unit::Count,
        )
        .line(
            format!("sum by (group, topic) (clamp_min(kafka_consumergroup_group_lag{{{groups}}}, 0))"),
            "{{group}} {{topic}}",
        ),
        Panel::lines(
            "Behind, as time",
            "How long ago the event was written that a consumer group handles next.",
            Unit::Seconds,
        )
        .line(
            format!("max by (group, topic) (kafka_consumergroup_group_lag_seconds{{{groups}}})"),
            "{{group}} {{topic}}",
        )
        .from(300.0, Colour::Red),
        Panel::lines(
            "Written",
            "Events that were written to each topic, in the width of a step.",
            Unit::Count,
        )
        .line(
            format!("sum by (topic) (delta(kafka_partition_latest_offset{{{topics}}}[{INTERVAL}]))"),
            "{{topic}}",
        ),
        Panel::lines(
            "State of the groups",
            "3 is stable, 5 is empty: nobody handles the events of an empty group.",
            Unit::Count,
        )
        .width(WIDTH)
        .line(
            format!("max by (group) (kafka_consumergroup_group_state{{{groups}}})"),
            "{{group}}",
        ),
    ]
}

/// By the exporter that is a part of Strimzi's `Kafka`.
fn kafka(own: &Own) -> Vec<Panel> {
    let topics = format!("{CHOSEN},topic=~\"{}\"", own.topics);
    let groups = format!("{CHOSEN},consumergroup=~\"{}\"", own.groups);
    vec![
        Panel::lines(
            BEHIND,
            "Events that a consumer group has not handled. A group without a commit counts as 0.",
            Unit::Count,
        )
        .line(
            format!("sum by (consumergroup, topic) (clamp_min(kafka_consumergroup_lag{{{groups}}}, 0))"),
            "{{consumergroup}} {{topic}}",
        ),
        Panel::lines(
            CONSUMERS,
            "Members of each consumer group: without any, nobody handles its events.",
            Unit::Count,
        )
        .line(
            format!("max by (consumergroup) (kafka_consumergroup_members{{{groups}}})"),
            "{{consumergroup}}",
        ),
        Panel::lines(
            "Written",
            "Events that were written to each topic, in the width of a step.",
            Unit::Count,
        )
        .line(
            format!("sum by (topic) (delta(kafka_topic_partition_current_offset{{{topics}}}[{INTERVAL}]))"),
            "{{topic}}",
        ),
        Panel::lines(
            "Partitions that are behind",
            "Partitions of which not every broker has all events.",
            Unit::Count,
        )
        .width(WIDTH / 2)
        .line(
            format!("sum by (topic) (kafka_topic_partition_under_replicated_partition{{{topics}}})"),
            "{{topic}}",
        )
        .from(1.0, Colour::Red),
        Panel::lines("Brokers", "Brokers that the exporter knows.", Unit::Count)
            .width(WIDTH / 2)
            .line(format!("max(kafka_brokers{{{CHOSEN}}})"), "brokers"),
    ]
}

fn redpanda(own: &Own) -> Vec<Panel> {
    let topics = format!("{CHOSEN},redpanda_topic=~\"{}\"", own.topics);
    let groups = format!("{CHOSEN},redpanda_group=~\"{}\"", own.groups);
    vec![
        Panel::lines(
            BEHIND,
            "Events that a consumer group has not handled. Redpanda shows it once `enable_consumer_group_metrics` has `consumer_lag`.",
            Unit::Count,
        )
        .line(
            format!("max by (redpanda_group) (redpanda_kafka_consumer_group_lag_sum{{{groups}}})"),
            "{{redpanda_group}}",
        ),
        Panel::lines(
            CONSUMERS,
            "Members of each consumer group: without any, nobody handles its events.",
            Unit::Count,
        )
        .line(
            format!("max by (redpanda_group) (redpanda_kafka_consumer_group_consumers{{{groups}}})"),
            "{{redpanda_group}}",
        ),
        Panel::lines(
            "Written",
            "Events that were written to each topic, in the width of a step.",
            Unit::Count,
        )
        .line(
            format!("sum by (redpanda_topic) (delta(redpanda_kafka_max_offset{{{topics}}}[{INTERVAL}]))"),
            "{{redpanda_topic}}",
        ),
        Panel::lines(
            "Replicas that are behind",
            "Replicas of partitions that do not have all events.",
            Unit::Count,
        )
        .width(WIDTH / 2)
        .line(
            format!(
                "sum by (redpanda_topic) (redpanda_kafka_under_replicated_replicas{{{topics}}})"
            ),
            "{{redpanda_topic}}",
        )
        .from(1.0, Colour::Red),
        Panel::lines(
            "Free disk of brokers",
            "Share of a broker's disk that is free.",
            Unit::Ratio,
        )
        .width(WIDTH / 2)
        .line(
            format!(
                "min by (pod) (redpanda_storage_disk_free_bytes{{{CHOSEN}}} / redpanda_storage_disk_total_bytes{{{CHOSEN}}})"
            ),
            "{{pod}}",
        )
        .from(0.1, Colour::Orange)
        .from(0.2, Colour::Green),
    ]
}
