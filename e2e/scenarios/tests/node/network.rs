//! Network policies hold on the node under test: without this, what the operator will say of networks would be untried.

use std::time::Duration;

use todo_scenarios::{Result, cluster, command, install, wait};

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
