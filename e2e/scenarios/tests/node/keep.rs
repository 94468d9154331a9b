//! What must not happen: a restart, a tear-down, a leftover.

use std::{collections::BTreeMap, time::Duration};

use kube::{Client, ResourceExt, api::ListParams};
use serde_json::{Value, json};
use todo_scenarios::{Error, Result, cluster, forward, platform, user::User, wait};

const KINDS: [&str; 13] = [
    "ServiceAccount",
    "ConfigMap",
    "Secret",
    "Configuration",
    "Resiliency",
    "Component",
    "Subscription",
    "Service",
    "StatefulSet",
    "Deployment",
    "PodMonitor",
    "ServiceMonitor",
    "PrometheusRule",
];

/// The containers of all service pods with their restarts; equal before and after means that nothing was touched.
/// Pods that are on their way out since an earlier change are not counted: they end whatever happens.
async fn service_pods(client: &Client, ns: &str) -> Result<BTreeMap<String, i64>> {
    let pods = cluster::objects(client, ns, "Pod")
        .list(&ListParams::default().labels("dapr.io/sidecar-injected=true"))
        .await?;
    Ok(pods
        .items
        .iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none())
        .map(|pod| {
            let restarts = pod.data["status"]["containerStatuses"]
                .as_array()
                .into_iter()
                .flatten();
            (
                pod.name_any(),
                restarts.filter_map(|c| c["restartCount"].as_i64()).sum(),
            )
        })
        .collect())
}

/// Until every pod that was deleted is gone.
pub(crate) async fn no_pod_is_leaving(client: &Client, ns: &str) -> Result<()> {
    wait::until(Duration::from_mins(1), "the last of the deleted pods", || async {
        let pods = cluster::objects(client, ns, "Pod")
            .list(&ListParams::default())
            .await?;
        let leaving = |pod: &&kube::api::DynamicObject| pod.metadata.deletion_timestamp.is_some();
        match pods.items.iter().find(leaving) {
            None => Ok(()),
            Some(pod) => Err(format!("{} is on its way out", pod.name_any()).into()),
        }
    })
    .await
}

/// Redis goes away for a while and comes back: status says so, the services' pods stay as they are.
pub(crate) async fn nothing_restarts_when_a_dependency_blinks(client: &Client, ns: &str) -> Result<()> {
    let before = service_pods(client, ns).await?;
    cluster::delete(client, ns, "Pod", "todo-redis-0").await?;
    platform::until(
        client,
        ns,
        Duration::from_secs(30),
        "DependenciesReady=False",
        |p| platform::condition(p, "DependenciesReady").is_some_and(|(status, _, _)| status == "False"),
    )
    .await?;
    platform::until(
        client,
        ns,
        Duration::from_mins(2),
        "DependenciesReady=True again",
        |p| platform::condition(p, "DependenciesReady").is_some_and(|(status, _, _)| status == "True"),
    )
    .await?;
    let names = |pods: &BTreeMap<String, i64>| pods.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&before),
        names(&service_pods(client, ns).await?),
        "pods before and after"
    );
    Ok(())
}

/// A StatefulSet that somebody deletes comes back with its data.
pub(crate) async fn data_survives_a_deleted_stateful_set(client: &Client, ns: &str) -> Result<()> {
    let gateway = forward::service(ns, "todo-gateway", 8080).await?;
    let carol = User::new(ns, &gateway.url, "carol").await?;
    let created = carol.post("/v1/tasks", &json!({"title": "Remember me"})).await?;
    assert_eq!(created.status, 201, "{created:?}");

    let pod = async || {
        Ok::<_, Error>(cluster::get(client, ns, "Pod", "todo-postgres-0").await?["metadata"]["uid"].clone())
    };
    let before = pod().await?;
    let uid = cluster::delete(client, ns, "StatefulSet", "todo-postgres").await?;
    cluster::replaced(client, ns, "StatefulSet", "todo-postgres", &uid).await?;
    wait::until(Duration::from_mins(1), "another pod of PostgreSQL", || async {
        if pod().await? == before {
            Err("still the old one".into())
        } else {
            Ok(())
        }
    })
    .await?;
    wait::until(Duration::from_mins(1), "the task is still there", || async {
        let tasks = carol.get("/v1/tasks").await?;
        if tasks["items"][0]["title"] == "Remember me" {
            Ok(())
        } else {
            Err(tasks.to_string().into())
        }
    })
    .await
}

/// A wrong password in a referenced Secret is named in status; mending the Secret is all it takes.
pub(crate) async fn nothing_running_is_torn_down_by_a_refused_password(
    client: &Client,
    ns: &str,
) -> Result<()> {
    let right = cluster::get(client, ns, "Secret", "todo-database").await?["data"]["url"].clone();
    let wrong = json!({"stringData": {"url": format!("postgres://todo:wrong@postgres.{ns}.svc.cluster.local:5432/todo")}});
    cluster::merge(client, ns, "Secret", "todo-database", &wrong).await?;
    let refused = platform::until(client, ns, Duration::from_mins(2), "the refusal in status", |p| {
        platform::condition(p, "DependenciesReady")
            .is_some_and(|(s, _, m)| s == "False" && m.contains("password"))
    })
    .await?;
    assert!(
        !refused.to_string().contains("wrong@"),
        "no value of a Secret in status"
    );
    for service in ["task", "notification", "analytics"] {
        let found = cluster::get(client, ns, "Deployment", &format!("todo-{service}")).await?;
        assert!(
            found["status"]["readyReplicas"].as_i64() >= Some(1),
            "{service} keeps serving: {}",
            found["status"]
        );
    }
    cluster::merge(
        client,
        ns,
        "Secret",
        "todo-database",
        &json!({"data": {"url": right}}),
    )
    .await?;
    platform::ready(client, ns, Duration::from_mins(3)).await?;
    Ok(())
}

/// After `kubectl delete` nothing that carries the platform's labels is left, volumes included.
pub(crate) async fn nothing_is_left(client: &Client, ns: &str) -> Result<()> {
    let ours = ListParams::default().labels("app.kubernetes.io/part-of=todo");
    wait::until(Duration::from_secs(90), "everything gone", || async {
        let mut left = Vec::new();
        for kind in KINDS {
            let list = match cluster::objects(client, ns, kind).list(&ours).await {
                Err(kube::Error::Api(e)) if e.code == 404 => continue,
                other => other?,
            };
            left.extend(list.items.iter().map(|o| format!("{kind}/{}", o.name_any())));
        }
        for kind in ["Pod", "PersistentVolumeClaim"] {
            let list = cluster::objects(client, ns, kind).list(&ours).await?;
            left.extend(list.items.iter().map(|o| format!("{kind}/{}", o.name_any())));
        }
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("left: {left:?}").into())
        }
    })
    .await
}

/// Whether a Deployment still has all its old pods available.
pub(crate) fn serves(deployment: &Value) -> bool {
    deployment["status"]["availableReplicas"].as_i64() >= Some(1)
}
