//! A cluster of kind, where Docker's engine answers.

use anyhow::{Context, Result};

use crate::images::Packed;
use crate::progress::Step;
use crate::project::Project;
use crate::run::{self, Cmd};

/// kind's name of the cluster.
const NAME: &str = "todoplatform";

/// Is kind there, and does Docker's engine answer?
pub(super) fn is_available() -> bool {
    let engine = Cmd::new("docker")
        .args(["info", "--format", "{{.ServerVersion}}"])
        .output();
    run::find_program("kind").is_some() && engine.is_ok_and(|version| !version.is_empty())
}

/// Is our cluster among kind's?
pub(crate) fn is_up() -> bool {
    is_available()
        && Cmd::new("kind")
            .args(["get", "clusters"])
            .output()
            .is_ok_and(|clusters| clusters.lines().any(|cluster| cluster == NAME))
}

pub(super) fn up(project: &Project) -> Result<()> {
    if is_up() {
        return Ok(());
    }
    let version = &project.versions.modules.kubernetes;
    let step = Step::start(format!("starting Kubernetes {version} with kind"));
    Cmd::new("kind")
        .args([
            "create",
            "cluster",
            "--name",
            NAME,
            "--image",
            &format!("kindest/node:{version}"),
            "--wait",
            "120s",
        ])
        // The person's own kubeconfig stays as it is.
        .arg("--kubeconfig")
        .arg(project.dirs.cache().join("kind-kubeconfig"))
        .run()
        .context("kind could not start a cluster; --provider own starts one without it")?;
    step.done();
    Ok(())
}

pub(super) fn down() -> Result<()> {
    Ok(Cmd::new("kind")
        .args(["delete", "cluster", "--name", NAME])
        .run()?)
}

pub(super) fn kubeconfig() -> Result<String> {
    Ok(Cmd::new("kind")
        .args(["get", "kubeconfig", "--name", NAME])
        .output()?)
}

pub(super) fn load(images: &[Packed]) -> Result<()> {
    for image in images {
        Cmd::new("kind")
            .args(["load", "image-archive", "--name", NAME])
            .arg(&image.archive)
            .run()?;
    }
    Ok(())
}
