//! `kubectl port-forward`: the one way to a Service that works on every cluster.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{Result, env};

/// An open forward; dropping it closes it.
#[derive(Debug)]
pub struct Forward {
    _process: Child,
    /// Where it listens, as `http://127.0.0.1:PORT`.
    pub url: String,
}

/// Forwards a free port of this machine to a port of a Service.
pub async fn service(namespace: &str, service: &str, port: u16) -> Result<Forward> {
    to(namespace, &format!("service/{service}"), port).await
}

/// Forwards a free port of this machine to a port of a pod of a Deployment, also one that listens on loopback only.
pub async fn deployment(namespace: &str, deployment: &str, port: u16) -> Result<Forward> {
    to(namespace, &format!("deployment/{deployment}"), port).await
}

async fn to(namespace: &str, target: &str, port: u16) -> Result<Forward> {
    let mut process = Command::new(env::or("TODO_TEST_KUBECTL", "kubectl"))
        .args(["-n", namespace, "port-forward", target, &format!(":{port}")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = process.stdout.take().ok_or("port-forward without output")?;
    let mut lines = BufReader::new(stdout).lines();
    let line = lines.next_line().await?.ok_or("port-forward ended at once")?;
    // It prints a line for each connection, and ends when nobody reads them.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    // "Forwarding from 127.0.0.1:43215 -> 8080"
    let address = line
        .split_whitespace()
        .nth(2)
        .ok_or_else(|| format!("port-forward said: {line}"))?;
    Ok(Forward {
        url: format!("http://{address}"),
        _process: process,
    })
}
