//! Foreign CRDs, for API servers without the programs that would bring them.

use anyhow::{Context, Result};

use crate::cluster::Cluster;
use crate::dirs;
use crate::project::Project;
use crate::run::Cmd;
use crate::tools::Tool;

/// The Prometheus operator's kinds that a platform uses.
const PROMETHEUS: [&str; 4] = [
    "alertmanagerconfigs",
    "podmonitors",
    "prometheusrules",
    "servicemonitors",
];

/// Operators whose kinds a platform uses when they are there.
const OTHERS: [Tool; 2] = [Tool::KedaCrds, Tool::GatewayApiCrds];

/// Kinds that are in no package that could be fetched, written from their documentation.
const WRITTEN: [&str; 2] = [
    "grafanadashboards.grafana.integreatly.org",
    "kafkatopics.kafka.strimzi.io",
];

/// All kinds of the Prometheus operator, for a cluster in which it runs.
pub(crate) fn install_prometheus_operator(project: &Project, cluster: &Cluster<'_>) -> Result<()> {
    let folder = project.tools().built(Tool::PrometheusCrds, "crds")?;
    Ok(apply(cluster).arg("--filename").arg(folder).run()?)
}

/// `AlertmanagerConfig`, `PodMonitor`, `PrometheusRule`, `ServiceMonitor`.
pub(crate) fn install_prometheus(project: &Project, cluster: &Cluster<'_>) -> Result<()> {
    let folder = project.tools().built(Tool::PrometheusCrds, "crds")?;
    let files = PROMETHEUS.map(|kind| folder.join(format!("monitoring.coreos.com_{kind}.yaml")));
    let cmd = apply(cluster);
    Ok(files
        .iter()
        .fold(cmd, |cmd, file| cmd.arg("--filename").arg(file))
        .run()?)
}

/// Dapr's kinds, without its control plane.
pub(crate) fn install_dapr(project: &Project, cluster: &Cluster<'_>) -> Result<()> {
    let folder = project.tools().built(Tool::DaprChart, "chart")?.join("crds");
    apply(cluster).arg("--filename").arg(folder).run()?;
    // The versions of Subscription are converted by Dapr's operator, which is not there.
    cluster
        .kubectl()
        .args([
            "patch",
            "customresourcedefinition",
            "subscriptions.dapr.io",
            "--type=merge",
        ])
        .args([
            "--patch",
            r#"{"spec": {"conversion": {"strategy": "None", "webhook": null}}}"#,
        ])
        .run()?;
    Ok(())
}

/// Everything else that a platform may be made of: KEDA's kinds, the Gateway API's, Strimzi's topics, the Grafana operator's
/// dashboards.
pub(crate) fn install_others(project: &Project, cluster: &Cluster<'_>) -> Result<()> {
    for name in WRITTEN {
        let file = project.dirs.root().join(format!("e2e/judges/{name}.yaml"));
        apply(cluster).arg("--filename").arg(file).run()?;
    }
    for tool in OTHERS {
        let folder = project.tools().built(tool, "crds")?;
        for entry in std::fs::read_dir(&folder).with_context(|| format!("no CRDs in {}", folder.display()))? {
            let path = entry?.path();
            // Folders of CRDs also hold a kustomization and, of the Gateway API, an admission policy.
            if dirs::read(&path)?.contains("kind: CustomResourceDefinition") {
                apply(cluster).arg("--filename").arg(path).run()?;
            }
        }
    }
    Ok(())
}

/// Our own kind.
pub(crate) fn install_own(project: &Project, cluster: &Cluster<'_>) -> Result<()> {
    Ok(apply(cluster)
        .arg("--filename")
        .arg(project.dirs.root().join("crds"))
        .run()?)
}

fn apply(cluster: &Cluster<'_>) -> Cmd {
    cluster
        .kubectl()
        .args(["apply", "--server-side", "--force-conflicts"])
}
