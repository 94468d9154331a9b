//! Events in the Kafka of Strimzi, as its exporter sees them. A lag of -1 means that a group has not committed yet.

use todoplatform_kinds::monitoring::Rule;

use super::{
    Scope,
    broker::{
        BACKLOG_GROWING, BROKER_METRICS_MISSING, CONSUMER_BEHIND, CONSUMER_GONE, CONSUMER_STUCK,
        DEAD_LETTERS, UNDER_REPLICATED,
    },
};

pub(super) fn rules(scope: &Scope<'_>) -> Vec<Option<Rule>> {
    let lag = "sum by (consumergroup,topic) (clamp_min(kafka_consumergroup_lag{<own>,<groups>}, 0))";
    let scope = scope.with("lag", lag);
    let both = scope.with("subject", "{{ $labels.consumergroup }} on {{ $labels.topic }}");
    let group = scope.with("subject", "{{ $labels.consumergroup }}");
    let topic = scope.with("subject", "{{ $labels.topic }}");
    vec![
        both.alert(
            &CONSUMER_STUCK,
            &format!("{lag} > 0 and sum by (consumergroup,topic) (delta(kafka_consumergroup_current_offset{{<own>,<groups>}}[15m])) == 0"),
        ),
        // How long what waits will take at the pace of the last ten minutes.
        both.labelled("signal", "lag").alert(&CONSUMER_BEHIND,
            &format!("{lag} / (sum by (consumergroup,topic) (delta(kafka_consumergroup_current_offset{{<own>,<groups>}}[10m])) / 600 > 0) > <threshold>"),
        ),
        group.alert(
            &CONSUMER_GONE,
            "sum by (consumergroup) (kafka_consumergroup_members{<own>,<groups>}) == 0 and sum by (consumergroup) (clamp_min(kafka_consumergroup_lag{<own>,<groups>}, 0)) > 0",
        ),
        both.alert(
            &BACKLOG_GROWING,
            &format!("deriv(({lag})[30m:1m]) > 0 and {lag} > <threshold>"),
        ),
        topic.alert(
            &UNDER_REPLICATED,
            "sum by (topic) (kafka_topic_partition_under_replicated_partition{<own>,<all-topics>}) > 0",
        ),
        // A topic that is new with something in it counts too, unless it is the exporter that is new.
        topic.alert(
            &DEAD_LETTERS,
            "sum by (topic) (delta(kafka_topic_partition_current_offset{<own>,<dead>}[15m])) > 0 or (sum by (topic) (kafka_topic_partition_current_offset{<own>,<dead>}) unless sum by (topic) (kafka_topic_partition_current_offset{<own>,<dead>} offset 15m)) > 0 and on () kafka_brokers{<own>} offset 15m",
        ),
        scope.alert(&BROKER_METRICS_MISSING, "absent(kafka_brokers{<own>})"),
    ]
}
