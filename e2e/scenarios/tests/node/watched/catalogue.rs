//! What rules and dashboards ask for, against what was scraped.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use kube::Client;
use serde_json::Value;
use todo_scenarios::{Result, cluster, prometheus::Prometheus, wait};
use todoplatform_render::observability::metrics::{Series, series};

/// What this platform has no series of while all is well, and why.
const NOT_HERE: [(&str, &str); 17] = [
    ("dapr_component_secret_count", "no secret store"),
    (
        "dapr_component_job_success_count",
        "no application with jobs of Dapr",
    ),
    (
        "dapr_component_job_failure_count",
        "no application with jobs of Dapr",
    ),
    (
        "dapr_runtime_component_init_fail_total",
        "counted when a component fails",
    ),
    (
        "dapr_resiliency_activations_total",
        "counted when a policy does something",
    ),
    (
        "dapr_resiliency_cb_state",
        "known once a circuit breaker was asked",
    ),
    ("dapr_sentry_cert_sign_failure_total", "counted at a failure"),
    (
        "dapr_injector_sidecar_injection_failed_total",
        "counted at a failure",
    ),
    ("dapr_scheduler_jobs_failed_total", "counted at a failure"),
    ("dapr_scheduler_jobs_undelivered_total", "counted when it happens"),
    ("redis_master_link_up", "replicas only"),
    ("pg_replication_lag_seconds", "replicas only"),
    (
        "container_cpu_cfs_periods_total",
        "cAdvisor's, which knows no pods on our own node",
    ),
    (
        "container_cpu_cfs_throttled_periods_total",
        "cAdvisor's, which knows no pods on our own node",
    ),
    (
        "kubelet_volume_stats_available_bytes",
        "folders of a node have no size",
    ),
    (
        "kubelet_volume_stats_capacity_bytes",
        "folders of a node have no size",
    ),
    ("kube_pod_container_status_waiting_reason", "pods that wait only"),
];
/// What this platform has none of by default; another scenario has it, and sees its series.
pub(super) const BY_DEFAULT: [(&str, &str); 4] = [
    ("kube_horizontalpodautoscaler_spec_min_replicas", "no autoscaler"),
    ("kube_horizontalpodautoscaler_spec_max_replicas", "no autoscaler"),
    (
        "kube_horizontalpodautoscaler_status_current_replicas",
        "no autoscaler",
    ),
    (
        "kube_horizontalpodautoscaler_status_desired_replicas",
        "no autoscaler",
    ),
];
/// Labels that this platform's series lack while all is well.
const LABELS_NOT_HERE: [(&str, &str); 2] = [
    ("ALERTS", "what an alert is about"),
    ("dapr_resiliency_count", "status: of circuit breakers alone"),
];

/// Every group of every PrometheusRule is loaded, and none of its expressions fails.
pub(super) async fn every_rule_is_evaluated(metrics: &Prometheus, client: &Client, ns: &str) -> Result<()> {
    let mut wanted = BTreeSet::new();
    for rule in rules(client, ns).await? {
        let groups = rule["spec"]["groups"].as_array().into_iter().flatten();
        wanted.extend(groups.filter_map(|group| group["name"].as_str().map(str::to_owned)));
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

/// Every metric that a rule or a dashboard names was scraped, with the labels that the catalogue says it has, but those that
/// nobody has here and those of `not_this_one`.
pub(super) async fn what_is_named_was_scraped(
    metrics: &Prometheus,
    client: &Client,
    ns: &str,
    not_this_one: &[(&str, &str)],
) -> Result<()> {
    let named = named(client, ns).await?;
    assert!(named.len() > 50, "{:?}", named.keys());
    // Some are recorded every two minutes, from what is recorded every two minutes.
    wait::until(Duration::from_mins(6), "every metric that is used", || async {
        let mut missing = Vec::new();
        for (name, series) in &named {
            let found = metrics.series(name).await?;
            let labels: BTreeSet<&str> = found
                .iter()
                .flat_map(|of_one| of_one.keys().map(String::as_str))
                .collect();
            let is_known =
                |list: &[(&str, &str)]| list.iter().any(|(metric, _)| *metric == series.metric.name);
            if found.is_empty() {
                if !is_known(&NOT_HERE) && !is_known(not_this_one) {
                    missing.push(name.clone());
                }
            } else if !is_known(&LABELS_NOT_HERE) {
                let lacking = series
                    .metric
                    .labels
                    .iter()
                    .filter(|label| !labels.contains(*label));
                missing.extend(lacking.map(|label| format!("{name}{{{label}}}, which has {labels:?}")));
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(format!("missing:\n{}", missing.join("\n")).into())
        }
    })
    .await
}

/// Series by name that expressions of the platform and of the operator's chart read.
async fn named(client: &Client, ns: &str) -> Result<BTreeMap<String, Series>> {
    let mut texts = Vec::new();
    for rule in rules(client, ns).await? {
        expressions(&rule["spec"]["groups"], &mut texts);
    }
    for dashboard in dashboards(client, ns).await? {
        expressions(&dashboard["panels"], &mut texts);
    }
    let words = texts
        .iter()
        .flat_map(|text| text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')));
    Ok(words
        .filter_map(|word| Some((word.to_owned(), series(word)?)))
        .collect())
}

/// Each `expr` below a value.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| expressions(item, found)),
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| expressions(field, found));
        }
        _ => {}
    }
}

/// The platform's and the chart's.
async fn rules(client: &Client, ns: &str) -> Result<Vec<Value>> {
    let mut rules = Vec::new();
    for namespace in [ns, "todoplatform-system"] {
        for name in cluster::names(client, namespace, "PrometheusRule").await? {
            rules.push(cluster::get(client, namespace, "PrometheusRule", &name).await?);
        }
    }
    Ok(rules)
}

/// The dashboards of the platform and of the chart, as Grafana would read them.
pub(super) async fn dashboards(client: &Client, ns: &str) -> Result<Vec<Value>> {
    let mut dashboards = Vec::new();
    for namespace in [ns, "todoplatform-system"] {
        for name in cluster::names(client, namespace, "ConfigMap").await? {
            let config = cluster::get(client, namespace, "ConfigMap", &name).await?;
            if config["metadata"]["labels"]["grafana_dashboard"].is_null() {
                continue;
            }
            for json in config["data"]
                .as_object()
                .into_iter()
                .flat_map(|data| data.values())
            {
                dashboards.push(serde_json::from_str(json.as_str().unwrap_or_default())?);
            }
        }
    }
    Ok(dashboards)
}
