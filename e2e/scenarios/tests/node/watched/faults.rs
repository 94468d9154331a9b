//! What goes wrong, one thing after another, and what people are told of it.

use std::time::Duration;

use kube::Client;
use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, command, forward, platform, user::User};

use super::told::Told;

/// Alerts that are waited for come at once, not after minutes.
pub(super) fn impatient() -> Value {
    let at_once = |name: &str| json!({"name": name, "for": "0s"});
    json!([
        at_once("TodoTargetMissing"),
        at_once("TodoTargetDown"),
        at_once("TodoCrashLooping"),
        at_once("TodoConsumerStuck"),
        at_once("TodoCircuitBreakerOpen"),
        at_once("TodoDeadLettersKept"),
        at_once("TodoRedisDown"),
        {"name": "TodoOutboxStalled", "for": "0s", "threshold": "5"},
    ])
}

/// From here on what somebody stops stays stopped.
pub(super) async fn nobody_mends(client: &Client, ns: &str) -> Result<()> {
    let hands_off = json!({"spec": {"driftPolicy": {"mode": "Report"}}});
    cluster::merge(client, ns, "TodoPlatform", "todo", &hands_off).await?;
    platform::until(
        client,
        ns,
        Duration::from_mins(1),
        "the change is seen",
        |found| found["metadata"]["generation"] == found["status"]["observedGeneration"],
    )
    .await?;
    Ok(())
}

/// A service without pods, and a stream that it has read nothing of yet.
pub(super) async fn a_service_is_killed_and_its_events_wait(ns: &str) -> Result<()> {
    let told = Told::from_now(ns);
    stop(ns, "deployment", "analytics").await?;
    let missing = json!({"app_id": "todo-analytics", "severity": "critical"});
    told.firing("TodoTargetMissing", missing).await?;

    a_task_comes_and_goes(ns).await?;
    let stuck =
        json!({"stream": "task.deleted", "group": format!("{ns}.todo-analytics"), "severity": "critical"});
    told.firing("TodoConsumerStuck", stuck).await?;

    let gateway = forward::service(ns, "todo-gateway", 8080).await?;
    let dora = User::new(ns, &gateway.url, "dora").await?;
    for _ in 0..10 {
        let answer = dora
            .send(reqwest::Method::GET, "/v1/analytics/daily", None)
            .await?;
        assert!(answer.status >= 500, "nobody is there to answer: {answer:?}");
    }
    let open = json!({"app_id": "todo-gateway", "target": "app_todo-analytics"});
    told.firing("TodoCircuitBreakerOpen", open).await?;

    scale(ns, "deployment/todo-analytics", 1).await?;
    told.resolved("TodoConsumerStuck", json!({"stream": "task.deleted"}))
        .await
}

/// What is deleted has an event of its own.
pub(super) async fn a_task_comes_and_goes(ns: &str) -> Result<()> {
    let gateway = forward::service(ns, "todo-gateway", 8080).await?;
    let dora = User::new(ns, &gateway.url, "dora").await?;
    let created = dora.post("/v1/tasks", &json!({"title": "Not for long"})).await?;
    let id = created.body["id"].as_str().ok_or("a task without id")?;
    let deleted = dora
        .send(reqwest::Method::DELETE, &format!("/v1/tasks/{id}"), None)
        .await?;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    Ok(())
}

/// An event that is well-formed and makes no sense, put into the stream by somebody who is none of ours.
pub(super) async fn an_event_cannot_be_understood(ns: &str) -> Result<()> {
    let told = Told::from_now(ns);
    put_what_nobody_understands(ns).await?;
    let app = json!({"app_id": "todo-notification", "topic": "task.completed"});
    told.firing("TodoMessagesDropped", app).await?;
    told.firing("TodoDeadLettersKept", json!({"app_id": "todo-notification"}))
        .await
}

/// It comes to every consumer of the topic.
pub(super) async fn put_what_nobody_understands(ns: &str) -> Result<()> {
    let event = json!({
        "specversion": "1.0", "id": "stranger-1", "source": "a-stranger", "type": "com.todo.task.completed.v1",
        "datacontenttype": "application/json", "topic": "task.completed", "data": {"task": "none"},
    });
    redis(ns, &format!("XADD task.completed '*' data '{event}'")).await?;
    Ok(())
}

/// The broker takes nothing any more, and what is to be published waits.
pub(super) async fn the_outbox_fills(ns: &str) -> Result<()> {
    let told = Told::from_now(ns);
    let gateway = forward::service(ns, "todo-gateway", 8080).await?;
    let erin = User::new(ns, &gateway.url, "erin").await?;
    let limit = redis(ns, "CONFIG GET maxmemory | tail -n 1").await?;
    redis(ns, "CONFIG SET maxmemory 1").await?;
    let created = erin
        .post("/v1/tasks", &json!({"title": "While nobody listens"}))
        .await?;
    assert_eq!(
        created.status, 201,
        "a task is taken while the broker takes nothing: {created:?}"
    );
    told.firing("TodoOutboxStalled", json!({"app_id": "todo-task"}))
        .await?;
    redis(ns, &format!("CONFIG SET maxmemory {}", limit.trim())).await?;
    told.resolved("TodoOutboxStalled", json!({"app_id": "todo-task"}))
        .await
}

/// The broker and cache is away.
pub(super) async fn redis_is_away(ns: &str) -> Result<()> {
    let told = Told::from_now(ns);
    stop(ns, "statefulset", "redis").await?;
    told.firing("TodoRedisDown", json!({"severity": "critical"}))
        .await?;
    scale(ns, "statefulset/todo-redis", 1).await?;
    told.resolved("TodoRedisDown", json!({})).await
}

/// What the embedded Redis answers to a command.
async fn redis(ns: &str, command: &str) -> Result<String> {
    let ask =
        format!("PATH=$PATH:/usr/local/bin:/usr/bin; REDISCLI_AUTH=$REDIS_PASSWORD redis-cli {command}");
    let pod = ["-n", ns, "exec", "todo-redis-0", "--", "/bin/sh", "-c", &ask];
    command::kubectl_ok(&pod, None).await
}

/// A component that leads nowhere: a new sidecar ends before anybody can ask it why, again and again. One that may go on
/// without the component says itself what it lacks.
pub(super) async fn a_component_is_broken(client: &Client, ns: &str) -> Result<()> {
    let told = Told::from_now(ns);
    let nowhere = json!({"spec": {"metadata": [
        {"name": "redisHost", "value": "nowhere.invalid:6379"},
        {"name": "consumerID", "value": "todo-notification"},
    ]}});
    let restart = ["-n", ns, "rollout", "restart", "deployment/todo-notification"];
    cluster::merge(client, ns, "Component", "todo-notification-events", &nowhere).await?;
    command::kubectl_ok(&restart, None).await?;
    let down = json!({"app_id": "todo-notification", "container": "daprd"});
    told.firing("TodoTargetDown", down).await?;
    let looping = json!({"container": "daprd", "severity": "critical"});
    told.firing("TodoCrashLooping", looping).await?;

    let may_lack_it = json!({"spec": {"ignoreErrors": true}});
    cluster::merge(client, ns, "Component", "todo-notification-events", &may_lack_it).await?;
    command::kubectl_ok(&restart, None).await?;
    let failed = json!({
        "app_id": "todo-notification", "componentName": "todo-notification-events", "severity": "critical",
    });
    told.firing("TodoDaprComponentInitFailed", failed).await
}

/// Its pods are gone afterwards: one that is on its way out still takes events.
pub(super) async fn stop(ns: &str, kind: &str, component: &str) -> Result<()> {
    scale(ns, &format!("{kind}/todo-{component}"), 0).await?;
    let pods = format!("app.kubernetes.io/instance=todo,app.kubernetes.io/component={component}");
    command::kubectl_ok(
        &[
            "-n",
            ns,
            "wait",
            "pod",
            "--for=delete",
            "--selector",
            &pods,
            "--timeout=120s",
        ],
        None,
    )
    .await?;
    Ok(())
}

pub(super) async fn scale(ns: &str, workload: &str, replicas: u8) -> Result<()> {
    let replicas = format!("--replicas={replicas}");
    command::kubectl_ok(&["-n", ns, "scale", workload, &replicas], None).await?;
    Ok(())
}
