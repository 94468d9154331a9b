//! A platform that is watched by a real Prometheus and a real Alertmanager, both made by the Prometheus operator.

mod catalogue;
mod dashboards;
mod faults;
mod kafka;
mod targets;
mod told;
mod traces;
mod traffic;

use std::time::Duration;

use kube::Client;
use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, command, install, platform, prometheus::Prometheus, wait};

use super::{job, keep};
use told::Told;
use traffic::Traffic;

#[tokio::test]
async fn a_platform_is_watched_and_faults_are_told_of() -> Result<()> {
    let Watched { client, ns, metrics } = watched("watched", &EMBEDDED, &faults::impatient()).await?;
    targets::every_target_is_up(&metrics, &ns, &[]).await?;
    job::does_its_job(&ns).await?;
    traces::one_trace_leads_from_the_gateway_to_the_mail(&ns).await?;
    let traffic = Traffic::start(&ns).await?;
    catalogue::every_rule_is_evaluated(&metrics, &client, &ns).await?;
    catalogue::what_is_named_was_scraped(&metrics, &client, &ns, &catalogue::BY_DEFAULT).await?;

    dashboards::every_panel_shows_something(&metrics, &client, &ns).await?;
    drop(traffic);

    faults::nobody_mends(&client, &ns).await?;
    faults::a_service_is_killed_and_its_events_wait(&ns).await?;
    faults::an_event_cannot_be_understood(&ns).await?;
    faults::the_outbox_fills(&ns).await?;
    faults::redis_is_away(&ns).await?;
    faults::a_component_is_broken(&client, &ns).await?;

    taken_away(&client, &ns).await
}

/// With the alerts as they are made, nothing hurried.
#[tokio::test]
#[ignore = "takes half an hour, of which it waits a quarter for a past to compare with: cargo xtask test --nightly"]
async fn faults_are_told_of_in_their_own_time() -> Result<()> {
    let Watched { client, ns, metrics } = watched("patient", &EMBEDDED, &json!([])).await?;
    job::does_its_job(&ns).await?;
    wait::until(
        Duration::from_mins(20),
        "a past of a quarter of an hour",
        || async {
            let past = metrics.query("redis_up offset 15m").await?;
            if past.is_empty() {
                Err("nothing yet".into())
            } else {
                Ok(())
            }
        },
    )
    .await?;
    let firing = metrics
        .query(r#"ALERTS{alertstate="firing",alertname!="Watchdog"}"#)
        .await?;
    assert!(firing.is_empty(), "nothing is wrong yet: {firing:#?}");

    let told = Told::from_now(&ns);
    faults::nobody_mends(&client, &ns).await?;
    faults::put_what_nobody_understands(&ns).await?;
    let dead = json!({"severity": "warning", "family": "dead-letters"});
    told.firing("TodoDeadLetters", dead).await?;
    faults::stop(&ns, "deployment", "analytics").await?;
    faults::a_task_comes_and_goes(&ns).await?;
    let stuck = json!({"stream": "task.deleted", "group": format!("{ns}.todo-analytics")});
    told.firing_within(Duration::from_mins(10), "TodoConsumerStuck", stuck)
        .await?;
    let missing = json!({"app_id": "todo-analytics"});
    told.firing_within(Duration::from_mins(12), "TodoTargetMissing", missing)
        .await?;

    taken_away(&client, &ns).await
}

/// What is watched.
struct Sample {
    /// One of `config/samples`.
    file: &'static str,
    /// Manifests of what it is to find.
    beside: &'static [&'static str],
    /// Exporters that it has only if somebody asks for them.
    exporters: &'static [&'static str],
}

/// All stores are the platform's own.
const EMBEDDED: Sample = Sample {
    file: "development.yaml",
    beside: &[],
    exporters: &[],
};

/// A platform that serves, in a namespace of its own, and its Prometheus.
struct Watched {
    client: Client,
    ns: String,
    metrics: Prometheus,
}

async fn watched(prefix: &str, sample: &Sample, overrides: &Value) -> Result<Watched> {
    install::operator().await?;
    let client = cluster::client().await?;
    let ns = cluster::namespace(&client, prefix).await?;
    for name in ["mailsink", "monitoring"].iter().chain(sample.beside) {
        install::manifest(&ns, name).await?;
    }
    for made in [
        "statefulset/prometheus-scenario",
        "statefulset/alertmanager-scenario",
    ] {
        wait::until(Duration::from_mins(2), made, || async {
            command::kubectl_ok(&["-n", &ns, "rollout", "status", made, "--timeout=60s"], None).await
        })
        .await?;
    }
    let hook = format!("--from-literal=url=http://mailsink.{ns}.svc:8025/hooks");
    let secret = ["-n", &ns, "create", "secret", "generic", "alerting", &hook];
    command::kubectl_ok(&secret, None).await?;
    job::apply_sample(&ns, sample.file).await?;
    let spec = spec(&ns, sample, overrides);
    cluster::merge(&client, &ns, "TodoPlatform", "todo", &spec).await?;
    platform::ready(&client, &ns, Duration::from_mins(2)).await?;
    let metrics = Prometheus::of(&ns, "prometheus-operated").await?;
    Ok(Watched { client, ns, metrics })
}

/// The platform, and then all that watched it: other scenarios look at who writes to the API server.
async fn taken_away(client: &Client, ns: &str) -> Result<()> {
    command::kubectl_ok(&["-n", ns, "delete", "tp/todo", "--timeout=60s"], None).await?;
    keep::nothing_is_left(client, ns).await?;
    let binding = format!("clusterrolebinding/{ns}-monitoring");
    command::kubectl_ok(&["delete", &binding], None).await?;
    command::kubectl_ok(&["delete", "namespace", ns, "--wait=false"], None).await?;
    Ok(())
}

/// Selected by the stack, told of by its Alertmanager, traced by the sink.
fn spec(ns: &str, sample: &Sample, overrides: &Value) -> Value {
    let tracing = json!({"otlp": {"endpoint": format!("mailsink.{ns}:4317")}});
    let exporters: serde_json::Map<String, Value> = sample
        .exporters
        .iter()
        .map(|name| ((*name).to_owned(), json!({"enabled": true})))
        .collect();
    // Long enough to be seen open.
    let breaker =
        json!({"name": "analytics", "circuitBreaker": {"consecutiveFailures": 3, "openSeconds": 60}});
    json!({"spec": {"dapr": {"tracing": tracing, "resiliency": {"targets": [breaker]}}, "observability": {
        "monitoring": {"labels": {"release": "scenario"}, "exporters": exporters},
        "alerting": {"overrides": overrides},
        "routing": {
            "groupWaitSeconds": 1,
            "groupIntervalSeconds": 5,
            "receivers": [{"name": "hook", "webhook": {"urlSecretKeyRef": {"name": "alerting", "key": "url"}}}],
        },
    }}})
}
