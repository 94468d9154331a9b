//! A platform that is watched by a real Prometheus and a real Alertmanager, both made by the Prometheus operator.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use todo_scenarios::{
    Result, cluster, command, forward, install, platform, prometheus::Prometheus, user::User, wait,
};

use super::{job, keep};

/// Metrics that a platform has once it has done its job: of the services, the sidecars and the exporters.
const ALWAYS: [&str; 24] = [
    "todo_build_info",
    "todo_http_request_duration_seconds_bucket",
    "todo_http_requests_in_flight",
    "todo_outbox_pending",
    "todo_outbox_parked",
    "todo_outbox_oldest_age_seconds",
    "todo_outbox_published_total",
    "todo_event_age_seconds_bucket",
    "todo_event_handled_total",
    "todo_dead_letters",
    "todo_dead_letters_received_total",
    "todo_db_pool_connections",
    "todo_scheduler_due_lag_seconds",
    "todo_notification_deliveries_total",
    "todo_rate_limited_total",
    "dapr_http_client_completed_count",
    "dapr_component_pubsub_egress_count",
    "dapr_component_pubsub_ingress_count",
    "dapr_runtime_component_loaded",
    "pg_up",
    "pg_stat_activity_count",
    "redis_up",
    "redis_memory_used_bytes",
    "redis_stream_group_last_delivered_id",
];

/// Which metrics come from which objects, and of how many pods.
const POOLS: [(&str, usize); 4] = [
    ("podMonitor/{ns}/todo-sidecars/0", 5),
    ("serviceMonitor/{ns}/todo-services/0", 5),
    ("podMonitor/{ns}/todo-postgres-exporter/0", 1),
    ("podMonitor/{ns}/todo-redis-exporter/0", 1),
];

#[tokio::test]
async fn a_platform_is_watched_and_a_fault_is_told_of() -> Result<()> {
    install::operator().await?;
    let client = cluster::client().await?;
    let ns = cluster::namespace(&client, "watched").await?;
    install::manifest(&ns, "mailsink").await?;
    install::manifest(&ns, "monitoring").await?;
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
    job::apply_sample(&ns, "development.yaml").await?;
    cluster::merge(&client, &ns, "TodoPlatform", "todo", &watched()).await?;
    platform::ready(&client, &ns, Duration::from_mins(2)).await?;
    let metrics = Prometheus::of(&ns, "prometheus-operated").await?;
    every_target_is_up(&metrics, &ns).await?;
    job::does_its_job(&ns).await?;
    every_rule_is_evaluated(&metrics, &client, &ns).await?;
    what_rules_and_dashboards_name_is_there(&metrics).await?;

    // From here on what somebody stops stays stopped.
    let hands_off = json!({"spec": {"driftPolicy": {"mode": "Report"}}});
    cluster::merge(&client, &ns, "TodoPlatform", "todo", &hands_off).await?;
    platform::until(
        &client,
        &ns,
        Duration::from_mins(1),
        "the change is seen",
        |found| found["metadata"]["generation"] == found["status"]["observedGeneration"],
    )
    .await?;
    scale(&ns, "deployment/todo-analytics", 0).await?;
    told(
        &ns,
        "firing",
        "TodoTargetMissing",
        &json!({"app_id": "todo-analytics", "severity": "critical"}),
    )
    .await?;

    let gateway = forward::service(&ns, "todo-gateway", 8080).await?;
    let erin = User::new(&ns, &gateway.url, "erin").await?;
    scale(&ns, "statefulset/todo-redis", 0).await?;
    told(&ns, "firing", "TodoRedisDown", &json!({"severity": "critical"})).await?;
    let created = erin
        .post("/v1/tasks", &json!({"title": "While nobody listens"}))
        .await?;
    assert_eq!(
        created.status, 201,
        "a task is taken while the broker is away: {created:?}"
    );
    told(
        &ns,
        "firing",
        "TodoOutboxStalled",
        &json!({"app_id": "todo-task"}),
    )
    .await?;
    scale(&ns, "statefulset/todo-redis", 1).await?;
    told(&ns, "resolved", "TodoRedisDown", &json!({})).await?;

    command::kubectl_ok(&["-n", &ns, "delete", "tp/todo", "--timeout=60s"], None).await?;
    keep::nothing_is_left(&client, &ns).await
}

/// Selected by the stack, told of by its Alertmanager, and impatient.
fn watched() -> Value {
    let at_once = |name: &str| json!({"name": name, "for": "0s"});
    json!({"spec": {"observability": {
        "monitoring": {"labels": {"release": "scenario"}},
        "alerting": {"overrides": [
            at_once("TodoTargetMissing"),
            at_once("TodoRedisDown"),
            {"name": "TodoOutboxStalled", "for": "0s", "threshold": "5"},
        ]},
        "routing": {
            "groupWaitSeconds": 1,
            "groupIntervalSeconds": 5,
            "receivers": [{"name": "hook", "webhook": {"urlSecretKeyRef": {"name": "alerting", "key": "url"}}}],
        },
    }}})
}

async fn scale(ns: &str, workload: &str, replicas: u8) -> Result<()> {
    let replicas = format!("--replicas={replicas}");
    command::kubectl_ok(&["-n", ns, "scale", workload, &replicas], None).await?;
    Ok(())
}

/// Every monitor of the platform has as many targets as there are pods, all of them up, under the platform's labels.
async fn every_target_is_up(metrics: &Prometheus, ns: &str) -> Result<()> {
    wait::until(Duration::from_mins(3), "every target is up", || async {
        let targets = metrics.targets().await?;
        let mut pools = BTreeMap::<String, usize>::new();
        for target in &targets {
            if target.health != "up" {
                return Err(
                    format!("{}: {} {}", target.scrape_pool, target.health, target.last_error).into(),
                );
            }
            let label = |name: &str| target.labels.get(name).map(String::as_str);
            assert_eq!(
                (label("namespace"), label("platform")),
                (Some(ns), Some("todo")),
                "{target:?}"
            );
            *pools.entry(target.scrape_pool.clone()).or_default() += 1;
        }
        let expected: BTreeMap<String, usize> = POOLS
            .into_iter()
            .map(|(pool, pods)| (pool.replace("{ns}", ns), pods))
            .collect();
        if pools == expected {
            Ok(())
        } else {
            Err(format!("{pools:?}").into())
        }
    })
    .await
}

/// Every group of every PrometheusRule is loaded, and none of its expressions fails.
async fn every_rule_is_evaluated(metrics: &Prometheus, client: &kube::Client, ns: &str) -> Result<()> {
    let mut wanted = BTreeSet::new();
    for name in cluster::names(client, ns, "PrometheusRule").await? {
        let rule = cluster::get(client, ns, "PrometheusRule", &name).await?;
        let groups = rule["spec"]["groups"].as_array().cloned().unwrap_or_default();
        wanted.extend(
            groups
                .iter()
                .filter_map(|group| group["name"].as_str().map(str::to_owned)),
        );
    }
    assert!(wanted.len() > 4, "{wanted:?}");
    wait::until(Duration::from_mins(2), "every rule is evaluated", || async {
        let groups = metrics.rule_groups().await?;
        let loaded: BTreeSet<String> = groups
            .iter()
            .filter_map(|group| group["name"].as_str().map(str::to_owned))
            .collect();
        if loaded != wanted {
            return Err(format!("loaded: {loaded:?}, wanted: {wanted:?}").into());
        }
        for rule in groups
            .iter()
            .flat_map(|group| group["rules"].as_array().into_iter().flatten())
        {
            if rule["health"] != "ok" {
                return Err(format!("{}: {} {}", rule["name"], rule["health"], rule["lastError"]).into());
            }
        }
        Ok(())
    })
    .await
}

/// Every metric of the catalogue that a running platform must have was scraped.
async fn what_rules_and_dashboards_name_is_there(metrics: &Prometheus) -> Result<()> {
    wait::until(Duration::from_mins(2), "every metric that is used", || async {
        let there: BTreeSet<String> = metrics.metrics().await?.into_iter().collect();
        let missing: Vec<&str> = ALWAYS.into_iter().filter(|name| !there.contains(*name)).collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(format!("missing: {missing:?}").into())
        }
    })
    .await
}

/// A message of Alertmanager's about this alert has arrived, with these labels and the namespace's own.
async fn told(ns: &str, status: &str, alert: &str, labels: &Value) -> Result<()> {
    let sink = forward::service(ns, "mailsink", 8025).await?;
    let http = reqwest::Client::new();
    let wanted = labels.as_object().cloned().unwrap_or_default();
    wait::until(Duration::from_mins(4), &format!("{alert} {status}"), || async {
        let calls: Vec<Value> = http
            .get(format!("{}/hooks", sink.url))
            .send()
            .await?
            .json()
            .await?;
        let alerts: Vec<&Value> = calls
            .iter()
            .flat_map(|call| call["alerts"].as_array().into_iter().flatten())
            .collect();
        let found = alerts.iter().any(|found| {
            let has = |name: &str, value: &Value| &found["labels"][name] == value;
            found["status"] == status
                && has("alertname", &json!(alert))
                && has("namespace", &json!(ns))
                && has("platform", &json!("todo"))
                && wanted.iter().all(|(name, value)| has(name, value))
                && found["annotations"]["runbook_url"].is_string()
        });
        if found {
            Ok(())
        } else {
            let seen: BTreeSet<String> = alerts
                .iter()
                .map(|alert| format!("{} {}", alert["labels"]["alertname"], alert["status"]))
                .collect();
            Err(format!("told of: {seen:?}").into())
        }
    })
    .await
}
