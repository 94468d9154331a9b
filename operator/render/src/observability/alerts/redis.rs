//! Events in Redis streams. Ids of entries are milliseconds, so their difference is how far a group is behind.

use todoplatform_kinds::monitoring::Rule;

use super::{
    Scope,
    broker::{BROKER_METRICS_MISSING, CONSUMER_BEHIND, CONSUMER_GONE, CONSUMER_STUCK, DEAD_LETTERS},
};

/// Milliseconds between the newest entry of a stream and the newest that a group was given.
const BEHIND: &str = "(max by (namespace,db,stream) (redis_stream_last_generated_id{<own>,<topics>}) - on (namespace,db,stream) group_right () max by (namespace,db,stream,group) (redis_stream_group_last_delivered_id{<own>,<topics>,<groups>}))";
const DEAD: &str = "max by (namespace,stream) (redis_stream_last_generated_id{<own>,<dead>}";

pub(super) fn streams(scope: &Scope<'_>) -> Vec<Option<Rule>> {
    let scope = scope.with("subject", "{{ $labels.group }} on {{ $labels.stream }}");
    let stream = scope.with("subject", "{{ $labels.stream }}");
    vec![
        scope.alert(
            &CONSUMER_STUCK,
            &format!("{BEHIND} > 0 and max by (namespace,db,stream,group) (changes(redis_stream_group_last_delivered_id{{<own>,<topics>,<groups>}}[15m])) == 0"),
        ),
        scope.labelled("signal", "lag").alert(&CONSUMER_BEHIND, &format!("{BEHIND} / 1000 > <threshold>")),
        scope.alert(
            &CONSUMER_GONE,
            "max by (namespace,stream,group) (redis_stream_group_messages_pending{<own>,<topics>,<groups>}) > 0 and min by (namespace,stream,group) (redis_stream_group_consumer_idle_seconds{<own>,<topics>,<groups>}) > 300",
        ),
        // A stream that is new counts too, unless it is the exporter that is new.
        stream.alert(
            &DEAD_LETTERS,
            &format!("{DEAD}) - {DEAD} offset 15m) > 0 or ({DEAD}) unless {DEAD} offset 15m)) > 0 and on () redis_up{{<own>}} offset 15m"),
        ),
        scope.alert(&BROKER_METRICS_MISSING, "absent(redis_up{<own>})"),
    ]
}
