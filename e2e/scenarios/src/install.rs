//! The operator as a user installs it, and what the samples expect to find beside a platform.

use std::path::{Path, PathBuf};

use crate::{Result, command, env};

/// What of the chart a Prometheus and a Grafana select.
const WATCHED: [&str; 4] = [
    "serviceMonitor",
    "prometheusRule",
    "daprControlPlane",
    "dashboard",
];

/// A path of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Installs both charts by Helm, as the README says; a second time upgrades to the same.
pub async fn operator() -> Result<()> {
    let helm = env::or("TODO_TEST_HELM", "helm");
    let (registry, tag) = (
        env::required("TODO_TEST_REGISTRY")?,
        env::required("TODO_TEST_TAG")?,
    );
    let crds = project("charts/todoplatform-crds").display().to_string();
    command::ok(
        &helm,
        &[
            "upgrade",
            "--install",
            "todoplatform-crds",
            &crds,
            "-n",
            "todoplatform-system",
            "--create-namespace",
        ],
        None,
    )
    .await?;
    let chart = project("charts/todoplatform-operator").display().to_string();
    let images = format!(
        "images.registry={registry},images.tag={tag},images.postgres={},images.redis={},\
         image.repository={registry}/todoplatform-operator,image.tag={tag}",
        env::required("TODO_TEST_POSTGRES_IMAGE")?,
        env::required("TODO_TEST_REDIS_IMAGE")?,
    );
    let watched: Vec<String> = WATCHED
        .into_iter()
        .flat_map(|part| {
            [
                format!("metrics.{part}.enabled=true"),
                format!("metrics.{part}.labels.release=scenario"),
            ]
        })
        .collect();
    let watched = format!(
        "{},metrics.prometheusRule.daprControlPlane=true",
        watched.join(",")
    );
    let exporters = env::or("TODO_TEST_EXPORTERS", "");
    let mut args = vec![
        "upgrade",
        "--install",
        "todoplatform-operator",
        &chart,
        "-n",
        "todoplatform-system",
        "--set",
        &images,
        "--set",
        &watched,
    ];
    if !exporters.is_empty() {
        args.extend(["--set", &exporters]);
    }
    command::ok(
        &helm,
        &[&args[..], &["--wait", "--timeout", "120s"]].concat(),
        None,
    )
    .await?;
    Ok(())
}

/// Applies one of `manifests/` with its images filled in, and waits until its Deployment, if any, is available.
pub async fn manifest(namespace: &str, name: &str) -> Result<()> {
    let text = std::fs::read_to_string(project("e2e/scenarios/manifests").join(format!("{name}.yaml")))?;
    let mut text = text.replace("${NAMESPACE}", namespace);
    for name in [
        "REGISTRY",
        "TAG",
        "POSTGRES_IMAGE",
        "REDIS_IMAGE",
        "KAFKA_IMAGE",
        "PROMETHEUS_IMAGE",
        "ALERTMANAGER_IMAGE",
        "PROMETHEUS_OPERATOR_IMAGE",
        "CONFIG_RELOADER_IMAGE",
        "KUBE_STATE_METRICS_IMAGE",
    ] {
        let value = env::required(&format!("TODO_TEST_{name}"))?;
        text = text.replace(&format!("${{{name}}}"), &value);
    }
    command::kubectl_ok(&["-n", namespace, "apply", "-f", "-"], Some(&text)).await?;
    if text.contains("kind: Deployment") {
        let deployment = format!("deployment/{name}");
        command::kubectl_ok(
            &[
                "-n",
                namespace,
                "rollout",
                "status",
                &deployment,
                "--timeout=120s",
            ],
            None,
        )
        .await?;
    }
    Ok(())
}
