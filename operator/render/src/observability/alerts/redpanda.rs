//! Events in Redpanda, as its brokers see them. More than one may report a group or a partition while it moves.

use todoplatform_kinds::monitoring::Rule;

use super::{
    Scope,
    broker::{
        BACKLOG_GROWING, BROKER_METRICS_MISSING, CONSUMER_BEHIND, CONSUMER_GONE, CONSUMER_STUCK,
        DEAD_LETTERS, UNDER_REPLICATED,
    },
};

const LAG: &str = "max by (redpanda_group) (redpanda_kafka_consumer_group_lag_sum{<own>,<groups>})";
const DEAD: &str =
    "max by (redpanda_topic,redpanda_partition) (redpanda_kafka_max_offset{<own>,<dead>}<offset>)";

pub(super) fn rules(scope: &Scope<'_>) -> Vec<Option<Rule>> {
    let group = scope.with("subject", "{{ $labels.redpanda_group }}");
    let topic = scope.with("subject", "{{ $labels.redpanda_topic }}");
    // Of a partition that moves one broker knows what went on before, another what goes on now.
    let moved = |window: &str| {
        format!(
            "sum by (redpanda_group) (max by (redpanda_group,redpanda_topic,redpanda_partition) (delta(redpanda_kafka_consumer_group_committed_offset{{<own>,<groups>}}[{window}])))"
        )
    };
    let (dead, before) = (
        DEAD.replace("<offset>", ""),
        DEAD.replace("<offset>", " offset 15m"),
    );
    vec![
        group.alert(&CONSUMER_STUCK, &format!("{LAG} > 0 and {} == 0", moved("15m"))),
        group.labelled("signal", "lag").alert(&CONSUMER_BEHIND,
            &format!("{LAG} / ({} / 600 > 0) > <threshold>", moved("10m")),
        ),
        group.alert(
            &CONSUMER_GONE,
            &format!("max by (redpanda_group) (redpanda_kafka_consumer_group_consumers{{<own>,<groups>}}) == 0 and {LAG} > 0"),
        ),
        group.alert(
            &BACKLOG_GROWING,
            &format!("deriv(({LAG})[30m:1m]) > 0 and {LAG} > <threshold>"),
        ),
        topic.alert(
            &UNDER_REPLICATED,
            "sum by (redpanda_topic) (max by (redpanda_topic,redpanda_partition) (redpanda_kafka_under_replicated_replicas{<own>,<all-topics>})) > 0",
        ),
        // A topic that is new with something in it counts too, unless it is Redpanda that is new.
        topic.alert(
            &DEAD_LETTERS,
            &format!("sum by (redpanda_topic) ({dead} - ({before})) > 0 or (sum by (redpanda_topic) ({dead}) unless sum by (redpanda_topic) ({before})) > 0 and on () redpanda_cluster_brokers{{<own>}} offset 15m"),
        ),
        scope.alert(&BROKER_METRICS_MISSING, "absent(redpanda_cluster_brokers{<own>})"),
    ]
}
