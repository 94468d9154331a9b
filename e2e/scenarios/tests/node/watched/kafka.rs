//! A platform whose stores and broker are others', with all three exporters.

use std::time::Duration;

use serde_json::json;
use todo_scenarios::{Result, cluster, platform};

use super::{
    Sample, Watched, catalogue, dashboards, faults, job, taken_away, targets, told::Told, traffic::Traffic,
    watched,
};

const EXTERNAL: Sample = Sample {
    file: "external-services.yaml",
    beside: &["postgres", "redis", "kafka", "external-secrets"],
    exporters: &["postgres", "redis"],
};

#[tokio::test]
#[ignore = "the exporter for Kafka takes minutes to build: cargo xtask test --nightly"]
async fn a_platform_on_a_kafka_is_watched_and_a_consumer_that_has_gone_is_told_of() -> Result<()> {
    let at_once =
        json!([{"name": "TodoConsumerGone", "for": "0s"}, {"name": "TodoBrokerMetricsMissing", "for": "0s"}]);
    let Watched { client, ns, metrics } = watched("kafka", &EXTERNAL, &at_once).await?;
    let scaled =
        json!({"spec": {"services": {"task": {"autoscaling": {"minReplicas": 1, "maxReplicas": 2}}}}});
    cluster::merge(&client, &ns, "TodoPlatform", "todo", &scaled).await?;
    platform::ready(&client, &ns, Duration::from_mins(2)).await?;
    targets::every_target_is_up(&metrics, &ns, &[("podMonitor/{ns}/todo-kafka-exporter/0", 1)]).await?;
    job::does_its_job(&ns).await?;
    let traffic = Traffic::start(&ns).await?;
    catalogue::every_rule_is_evaluated(&metrics, &client, &ns).await?;
    catalogue::what_is_named_was_scraped(&metrics, &client, &ns, &[]).await?;
    dashboards::every_panel_shows_something(&metrics, &client, &ns).await?;
    drop(traffic);

    let told = Told::from_now(&ns);
    faults::nobody_mends(&client, &ns).await?;
    faults::stop(&ns, "deployment", "analytics").await?;
    faults::a_task_comes_and_goes(&ns).await?;
    let gone = json!({"group": format!("{ns}.todo-analytics"), "severity": "critical"});
    // A broker notices only after a while that a member is there no more.
    told.firing_within(Duration::from_mins(6), "TodoConsumerGone", gone.clone())
        .await?;
    faults::scale(&ns, "deployment/todo-analytics", 1).await?;
    told.resolved_within(Duration::from_mins(6), "TodoConsumerGone", gone)
        .await?;
    faults::stop(&ns, "deployment", "kafka-exporter").await?;
    told.firing("TodoBrokerMetricsMissing", json!({})).await?;

    taken_away(&client, &ns).await
}
