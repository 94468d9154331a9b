//! Network policies hold on the node under test: without this, what the operator will say of networks would be untried.

use std::time::Duration;

use todo_scenarios::{Result, cluster, command, install, wait};

use super::{dapr, job};

const DENY: &str = r#"
{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "redis"},
 "spec": {"podSelector": {"matchLabels": {"app": "redis"}}, "policyTypes": ["Ingress"]}}"#;
const ALLOW: &str = r#"
{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "redis"},
 "spec": {"podSelector": {"matchLabels": {"app": "redis"}}, "policyTypes": ["Ingress"],
          "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}], "ports": [{"port": 6379, "protocol": "TCP"}]}]}}"#;

#[tokio::test]
async fn a_network_policy_closes_a_pod_and_opens_it_for_whom_it_names() -> Result<()> {
    let client = cluster::client().await?;
    let ns = cluster::namespace(&client, "network").await?;
    install::manifest(&ns, "redis").await?;
    install::manifest(&ns, "client").await?;

    connection(&ns, true).await?;
    command::kubectl_ok(&["-n", &ns, "apply", "-f", "-"], Some(DENY)).await?;
    connection(&ns, false).await?;
    command::kubectl_ok(&["-n", &ns, "apply", "-f", "-"], Some(ALLOW)).await?;
    connection(&ns, true).await?;
    command::kubectl_ok(&["delete", "namespace", &ns, "--wait=false"], None).await?;
    Ok(())
}

/// Every declared edge works: the platform does its whole job, and its sidecars answer the operator. Any other is dropped.
#[tokio::test]
async fn a_closed_platform_does_its_job_and_lets_nobody_else_in() -> Result<()> {
    install::operator().await?;
    let client = cluster::client().await?;
    let ns = cluster::namespace(&client, "closed").await?;
    install::manifest(&ns, "mailsink").await?;
    install::manifest(&ns, "client").await?;
    job::apply_sample(&ns, "network-policy.yaml").await?;
    job::does_its_job(&ns).await?;
    dapr::everything_declared_is_loaded(&client, &ns).await?;

    let pods = cluster::objects(&client, &ns, "Pod")
        .list(&kube::api::ListParams::default().labels("app.kubernetes.io/component=task"))
        .await?;
    let task = pods.items.first().ok_or("no pod of task")?;
    let task = task.data["status"]["podIP"]
        .as_str()
        .ok_or("task without an address")?;
    for (host, port) in [
        ("todo-redis", 6379),
        ("todo-postgres", 5432),
        (task, 3501),
        (task, 8080),
        (task, 8081),
        (task, 9090),
        (task, 50_002),
    ] {
        assert!(
            is_dropped(&ns, host, port).await?,
            "{host}:{port} lets a stranger in"
        );
    }
    assert!(
        !is_dropped(&ns, "todo-gateway", 8080).await?,
        "the gateway is for everybody"
    );
    command::kubectl_ok(&["-n", &ns, "delete", "tp/todo", "--timeout=60s"], None).await?;
    command::kubectl_ok(&["delete", "namespace", &ns, "--wait=false"], None).await?;
    Ok(())
}

/// Whether a connection from `client` gets no answer at all: one that is let in is refused or misunderstood at once.
async fn is_dropped(ns: &str, host: &str, port: u16) -> Result<bool> {
    let try_it = format!(
        "PATH=$PATH:/usr/local/bin:/usr/bin:/; timeout 3 redis-cli -h {host} -p {port} ping; echo ended=$?"
    );
    let out = command::kubectl_ok(
        &[
            "-n",
            ns,
            "exec",
            "deployment/client",
            "--",
            "/bin/sh",
            "-c",
            &try_it,
        ],
        None,
    )
    .await?;
    // 124 and 143 are a timeout's.
    Ok(out.contains("ended=124") || out.contains("ended=143"))
}

/// Waits until a connection from `client` to `redis` works, or does not. NOAUTH is an answer too.
async fn connection(ns: &str, wanted: bool) -> Result<()> {
    let try_it = "PATH=$PATH:/usr/local/bin:/usr/bin:/; timeout 2 redis-cli -h redis ping";
    wait::until(
        Duration::from_secs(20),
        &format!("client reaches redis: {wanted}"),
        || async {
            let out = command::kubectl(
                &[
                    "-n",
                    ns,
                    "exec",
                    "deployment/client",
                    "--",
                    "/bin/sh",
                    "-c",
                    try_it,
                ],
                None,
            )
            .await?;
            let answered = out.stdout.contains("PONG") || out.stdout.contains("NOAUTH");
            if answered == wanted {
                Ok(())
            } else {
                Err(format!("{out:?}").into())
            }
        },
    )
    .await
}
