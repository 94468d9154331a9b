//! The checker of expressions finds what Prometheus takes without a word.

mod promql;

use promql::problems;

#[test]
fn what_can_hold_has_no_problem() {
    for expr in [
        r#"absent(up{namespace="team",platform="todo",container="daprd",app_id="todo-task"})"#,
        r#"histogram_quantile(0.95, sum by (le, app_id) (rate(todo_http_request_duration_seconds_bucket{platform="todo"}[5m])))"#,
        r#"max by (app_id) (todo_outbox_oldest_age_seconds{namespace="team"}) > 60"#,
        r"deriv(sum by (topic) (kafka_consumergroup_lag)[30m:1m]) > 0",
        r#"sum by (topic) (delta(kafka_consumergroup_current_offset{consumergroup="team.todo-task"}[15m])) == 0"#,
        r#"todo:sli_error:ratio_rate5m{slo="gateway-availability"} > 0.0144"#,
    ] {
        assert_eq!(problems(expr), [""; 0], "{expr}");
    }
}

#[test]
fn what_never_holds_is_named() {
    for (expr, part) in [
        ("sum(", "does not parse"),
        (
            "kafka_consumer_lag > 1",
            "kafka_consumer_lag is not in the catalogue",
        ),
        ("todo_event_age_seconds > 1", "not in the catalogue"),
        (r#"up{app="task"} == 0"#, "up has no label app"),
        (
            "rate(todo_outbox_pending[5m]) > 0",
            "todo_outbox_pending is a gauge",
        ),
        ("delta(todo_reminders_fired_total[5m]) > 0", "is a counter"),
        (
            "rate(sum(todo_reminders_fired_total)[5m:1m]) > 0",
            "only a series itself",
        ),
        (
            "sum by (user) (todo_outbox_pending)",
            "nothing has the label user",
        ),
        (
            "histogram_quantile(0.9, rate(todo_event_age_seconds_bucket[5m]))",
            "not summed by le",
        ),
        (
            "histogram_quantile(0.9, sum by (topic) (rate(todo_event_age_seconds_bucket[5m])))",
            "not summed by le",
        ),
        (r#"{__name__=~"todo_.*"}"#, "names no metric"),
    ] {
        let found = problems(expr);
        assert!(
            found.iter().any(|problem| problem.contains(part)),
            "{expr}: {found:?}"
        );
    }
}
