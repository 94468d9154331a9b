//! `config/samples/development.yaml`, from `helm install` to `kubectl delete`.

use std::time::{Duration, Instant};

use serde_json::json;
use todo_scenarios::{Result, cluster, command, forward, install, platform, user::User, wait, writes};

use super::{dapr, job, keep};

#[tokio::test]
async fn the_development_sample_becomes_a_running_platform_and_leaves_nothing_behind() -> Result<()> {
    install::operator().await?;
    let client = cluster::client().await?;
    let ns = cluster::namespace(&client, "development").await?;
    install::manifest(&ns, "mailsink").await?;

    job::apply_sample(&ns, "development.yaml").await?;
    job::every_pod_has_its_sidecar(&client, &ns).await?;
    job::does_its_job(&ns).await?;
    dapr::everything_declared_is_loaded(&client, &ns).await?;
    dapr::only_who_calls_a_service_may_call_it(&ns).await?;
    the_eleventh_request_of_a_minute_is_refused(&ns).await?;
    let columns = command::kubectl_ok(&["-n", &ns, "get", "todoplatforms"], None).await?;
    assert!(columns.contains("READY") && columns.contains("True"), "{columns}");

    for (kind, name) in [
        ("Component", "todo-task-events"),
        ("Subscription", "todo-analytics-task-created"),
        ("Deployment", "todo-analytics"),
    ] {
        let uid = cluster::delete(&client, &ns, kind, name).await?;
        cluster::replaced(&client, &ns, kind, name, &uid).await?;
    }
    let change = json!({"spec": {"replicas": 3}});
    cluster::merge(&client, &ns, "Deployment", "todo-gateway", &change).await?;
    wait::until(Duration::from_secs(10), "the edit undone", || async {
        let found = cluster::get(&client, &ns, "Deployment", "todo-gateway").await?;
        if found["spec"]["replicas"] == 1 {
            Ok(())
        } else {
            Err(found["spec"]["replicas"].to_string().into())
        }
    })
    .await?;
    platform::ready(&client, &ns, Duration::from_mins(2)).await?;

    keep::data_survives_a_deleted_stateful_set(&client, &ns).await?;
    keep::nothing_restarts_when_a_dependency_blinks(&client, &ns).await?;
    platform::ready(&client, &ns, Duration::from_mins(2)).await?;
    a_converged_platform_writes_nothing(&client, &ns).await?;

    command::kubectl_ok(&["-n", &ns, "delete", "tp/todo", "--timeout=60s"], None).await?;
    keep::nothing_is_left(&client, &ns).await
}

/// Ten requests a minute: the bucket holds ten and gains one in six seconds. So the eleventh is refused, and on a machine
/// that takes longer than that for ten requests, the one after those that were gained.
async fn the_eleventh_request_of_a_minute_is_refused(ns: &str) -> Result<()> {
    const BUCKET: u64 = 10;
    const SECONDS_FOR_ONE: u64 = 6;
    const MORE_THAN_ENOUGH: u64 = 100;
    let gateway = forward::service(ns, "todo-gateway", 8080).await?;
    let bob = User::new(ns, &gateway.url, "bob").await?;
    let begun = Instant::now();
    for passed in 0..MORE_THAN_ENOUGH {
        let answer = bob.send_once(reqwest::Method::GET, "/v1/tasks", None).await?;
        let gained = begun.elapsed().as_secs() / SECONDS_FOR_ONE;
        if answer.status == 429 {
            assert!(passed >= BUCKET, "only {passed} passed");
            assert!(answer.retry_after.is_some(), "a 429 says when to come again");
            return Ok(());
        }
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(
            passed < BUCKET + gained,
            "request {} passed, and {gained} were gained",
            passed + 1
        );
    }
    Err("no request was refused".into())
}

async fn a_converged_platform_writes_nothing(client: &kube::Client, ns: &str) -> Result<()> {
    // A pod that was deleted while it started takes its whole grace period, and others write when it is gone.
    keep::no_pod_is_leaving(client, ns).await?;
    // The last disturbance may still be settling: pods that lost Redis for a moment become ready again.
    wait::until(Duration::from_mins(1), "ten quiet seconds", || async {
        let before = writes::count(client).await?;
        tokio::time::sleep(Duration::from_secs(10)).await;
        let written = writes::between(&before, &writes::count(client).await?);
        if written.is_empty() {
            Ok(())
        } else {
            Err(format!("{written:?}").into())
        }
    })
    .await?;
    let before = writes::count(client).await?;
    assert!(
        before.keys().any(|k| k.ends_with(" deployments/")),
        "making a platform is counted: {before:?}"
    );
    tokio::time::sleep(Duration::from_mins(2)).await;
    let written = writes::between(&before, &writes::count(client).await?);
    assert!(written.is_empty(), "writes in two minutes: {written:?}");
    Ok(())
}
