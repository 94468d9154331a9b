//! Dapr, installed by its own chart.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Subcommand;

use crate::cluster::Cluster;
use crate::dirs;
use crate::helm::Helm;
use crate::images;
use crate::progress::{self, Step};
use crate::project::Project;
use crate::tools::Tool;

const NAMESPACE: &str = "dapr-system";
const RELEASE: &str = "dapr";

/// What to do with Dapr.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Install Dapr into the cluster by its own Helm chart; one that is there is left as it is
    Install,
    /// Remove Dapr from the cluster, with its CRDs
    Uninstall,
}

/// What `install` needs: the programs only where their images cannot be pulled.
pub(crate) fn tools(pulls_images: bool) -> Vec<Tool> {
    let mut tools = vec![Tool::DaprChart, Tool::Helm];
    if !pulls_images {
        tools.push(Tool::Dapr);
    }
    tools
}

/// Installs Dapr and waits until its control plane is ready.
pub(crate) fn install(project: &Project, cluster: &Cluster<'_>) -> Result<()> {
    if is_left_alone(installer(cluster)?, cluster.is_ours()) {
        progress::note("Dapr is there already: it is left as it is");
        return Ok(());
    }
    project.tools().ensure(&tools(cluster.pulls_images()))?;
    let version = &project.versions.modules.dapr;
    let step = Step::start(format!("installing Dapr {version}"));
    let chart = chart(project)?;
    let mut values = vec![
        "dapr_sidecar_injector.sidecarDropALLCapabilities=true".to_owned(),
        // Says whose it is, for `is_foreign`.
        "global.k8sLabels.installed-by=todoplatform-xtask".to_owned(),
        format!("global.tag={}", version.trim_start_matches('v')),
    ];
    if !cluster.pulls_images() {
        cluster.load(&images::dapr(&project.dirs, &project.tools(), &project.versions)?)?;
        values.push(format!("global.registry={}/dapr", images::LOCAL_REGISTRY));
    }
    if cluster.own().is_some() {
        // Nothing outlives this cluster, so neither must the jobs.
        values.push("dapr_scheduler.cluster.inMemoryStorage=true".to_owned());
    }
    // Helm installs the CRDs of a chart and never updates them.
    cluster
        .kubectl()
        .args(["apply", "--server-side", "--force-conflicts", "--filename"])
        .arg(chart.join("crds"))
        .run()?;
    Helm::new(project, cluster)?.upgrade(RELEASE, &chart, NAMESPACE, &values)?;
    wait_until_ready(cluster)?;
    step.done();
    Ok(())
}

/// Removes Dapr and its CRDs.
pub(crate) fn uninstall(project: &Project, cluster: &Cluster<'_>) -> Result<()> {
    if installer(cluster)? == Some(Installer::SomebodyElse) {
        bail!("Dapr was not installed by this program, so it is not removed by it either");
    }
    let step = Step::start("removing Dapr");
    Helm::new(project, cluster)?.uninstall(RELEASE, NAMESPACE)?;
    let crds = cluster
        .kubectl()
        .args(["get", "customresourcedefinitions", "--output", "name"])
        .output()?;
    let crds: Vec<_> = crds.lines().filter(|name| name.ends_with(".dapr.io")).collect();
    if !crds.is_empty() {
        cluster.kubectl().arg("delete").args(crds).run()?;
    }
    cluster
        .kubectl()
        .args(["delete", "namespace", NAMESPACE, "--ignore-not-found"])
        .run()?;
    step.done();
    Ok(())
}

/// Who installed the Dapr that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Installer {
    ThisProgram,
    SomebodyElse,
}

/// Who installed the Dapr that is there; none when there is none. Not to know is an error: Dapr would be installed over
/// somebody's own.
fn installer(cluster: &Cluster<'_>) -> Result<Option<Installer>> {
    let listing = cluster
        .kubectl()
        .args([
            "get",
            "deployments",
            "--all-namespaces",
            "--selector",
            "app=dapr-operator",
        ])
        .args([
            "--output",
            "jsonpath={.items[*].metadata.labels.installed-by}|{.items[*].metadata.name}",
        ])
        .output()
        .context("cannot see whether Dapr is in the cluster")?;
    Ok(installer_of_listing(&listing))
}

/// Of `<installed-by>|<names>`.
fn installer_of_listing(found: &str) -> Option<Installer> {
    let (by, names) = found.split_once('|')?;
    match by {
        _ if names.is_empty() => None,
        "todoplatform-xtask" => Some(Installer::ThisProgram),
        _ => Some(Installer::SomebodyElse),
    }
}

/// Only a Dapr of our own in a cluster of our own is brought to our settings: an existing cluster keeps the one that it
/// has, whoever installed it, for it may have other settings than we would choose.
fn is_left_alone(installer: Option<Installer>, is_our_cluster: bool) -> bool {
    match installer {
        None => false,
        Some(Installer::SomebodyElse) => true,
        Some(Installer::ThisProgram) => !is_our_cluster,
    }
}

fn wait_until_ready(cluster: &Cluster<'_>) -> Result<()> {
    let listed = cluster
        .kubectl()
        .args([
            "--namespace",
            NAMESPACE,
            "get",
            "deployments,statefulsets",
            "--output",
            "name",
        ])
        .output()?;
    for object in listed.lines() {
        cluster
            .kubectl()
            .args([
                "--namespace",
                NAMESPACE,
                "rollout",
                "status",
                object,
                "--timeout=240s",
            ])
            .run()
            .with_context(|| format!("Dapr's {object} does not become ready"))?;
    }
    Ok(())
}

/// The chart, changed to one scheduler: the chart fixes three, which wait for each other, and one is
/// enough on one node.
fn chart(project: &Project) -> Result<PathBuf> {
    let built = project.tools().path(Tool::DaprChart, "chart");
    let to = project.dirs.cache().join("charts").join("dapr");
    dirs::remove(&to)?;
    dirs::make(to.parent().unwrap_or(Path::new("/")))?;
    crate::run::Cmd::new("cp").arg("-r").arg(&built).arg(&to).run()?;
    let file = to.join("charts/dapr_scheduler/templates/dapr_scheduler_statefulset.yaml");
    let text = dirs::read(&file)?;
    let edited = one_scheduler(&text).with_context(|| {
        format!(
            "{} has changed its form: no three schedulers are found in it",
            file.display()
        )
    })?;
    dirs::write(&file, edited)?;
    Ok(to)
}

/// The `StatefulSet` of the schedulers with one replica, which is the only member of its etcd.
fn one_scheduler(template: &str) -> Option<String> {
    let mut replicas = 0;
    let mut members = 0;
    let lines = template.lines().map(|line| {
        if line == "  replicas: 3" {
            replicas += 1;
            return "  replicas: 1".to_owned();
        }
        if let Some((first, _)) = line.split_once(',')
            && first.trim_start().starts_with("- \"dapr-scheduler-server-0=")
        {
            members += 1;
            return format!("{first}\"");
        }
        line.to_owned()
    });
    let text = lines.fold(String::new(), |text, line| text + &line + "\n");
    (replicas == 1 && members > 0).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_scheduler_is_the_only_member() {
        let template =
            "spec:\n  replicas: 3\n        - \"dapr-scheduler-server-0=a:1,dapr-scheduler-server-1=b:1\"\n";
        let expected = "spec:\n  replicas: 1\n        - \"dapr-scheduler-server-0=a:1\"\n";
        assert_eq!(one_scheduler(template).as_deref(), Some(expected));
        assert_eq!(one_scheduler("spec:\n  replicas: {{ .Values.replicas }}\n"), None);
    }

    #[test]
    fn a_dapr_without_our_label_is_somebody_elses() {
        assert_eq!(
            installer_of_listing("|dapr-operator"),
            Some(Installer::SomebodyElse)
        );
        assert_eq!(
            installer_of_listing("todoplatform-xtask|dapr-operator"),
            Some(Installer::ThisProgram)
        );
        assert_eq!(installer_of_listing("|"), None);
    }

    #[test]
    fn a_dapr_of_an_existing_cluster_is_left_alone() {
        assert!(!is_left_alone(None, false));
        assert!(is_left_alone(Some(Installer::SomebodyElse), true));
        assert!(is_left_alone(Some(Installer::ThisProgram), false));
        assert!(!is_left_alone(Some(Installer::ThisProgram), true));
    }
}
