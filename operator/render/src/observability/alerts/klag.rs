//! Events in Kafka, as the platform's own exporter sees them.

use todoplatform_kinds::monitoring::Rule;

use super::{
    Scope,
    broker::{
        BACKLOG_GROWING, BROKER_METRICS_MISSING, CONSUMER_BEHIND, CONSUMER_GONE, CONSUMER_STUCK, DEAD_LETTERS,
    },
};

const LAG: &str = "max by (group,topic) (kafka_consumergroup_group_topic_sum_lag{<own>,<groups>})";

pub(super) fn rules(scope: &Scope<'_>) -> Vec<Option<Rule>> {
    let both = scope.with("subject", "{{ $labels.group }} on {{ $labels.topic }}");
    let group = scope.with("subject", "{{ $labels.group }}");
    let topic = scope.with("subject", "{{ $labels.topic }}");
    vec![
        // Members come and go; their partitions stay.
        both.alert(
            &CONSUMER_STUCK,
            &format!("{LAG} > 0 and sum by (group,topic) (delta((max by (group,topic,partition) (kafka_consumergroup_group_offset{{<own>,<groups>}}))[15m:1m])) == 0"),
        ),
        both.labelled("signal", "lag").alert(
            &CONSUMER_BEHIND,
            "max by (group,topic) (kafka_consumergroup_group_lag_seconds{<own>,<groups>}) > <threshold>",
        ),
        group.alert(
            &CONSUMER_GONE,
            "(max by (group) (kafka_consumergroup_group_state{<own>,<groups>}) == 4 or max by (group) (kafka_consumergroup_group_state{<own>,<groups>}) == 5) and max by (group) (kafka_consumergroup_group_sum_lag{<own>,<groups>}) > 0",
        ),
        both.alert(
            &BACKLOG_GROWING,
            &format!("deriv(({LAG})[30m:1m]) > 0 and {LAG} > <threshold>"),
        ),
        // A topic that is new with something in it counts too, unless it is the exporter that is new.
        topic.alert(
            &DEAD_LETTERS,
            "sum by (topic) (delta(kafka_partition_latest_offset{<own>,<dead>}[15m])) > 0 or (sum by (topic) (kafka_partition_latest_offset{<own>,<dead>}) unless sum by (topic) (kafka_partition_latest_offset{<own>,<dead>} offset 15m)) > 0 and on () kafka_lag_exporter_up{<own>} offset 15m",
        ),
        scope.alert(
            &BROKER_METRICS_MISSING,
            "absent(kafka_lag_exporter_up{<own>} == 1)",
        ),
    ]
}
