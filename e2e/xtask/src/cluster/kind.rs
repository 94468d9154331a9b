//! A cluster of kind, where Docker's engine answers.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::kubernetes::Kubernetes;
use crate::images::Packed;
use crate::progress::Step;
use crate::project::Project;
use crate::run::{self, Cmd};
use crate::tools::Tool;

/// kind's name of the cluster.
const NAME: &str = "todoplatform";

/// The container that is its only node.
const NODE: &str = "todoplatform-control-plane";

/// kind, of the version that the images of the nodes were made for.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    program: PathBuf,
}

/// Is kind there, and does Docker's engine answer? Then it is taken without being asked for. Whoever has it knows it; the one that
/// runs is ours, for an image of a node is made for one version of kind.
pub(super) fn is_available() -> bool {
    let engine = docker().args(["info", "--format", "{{.ServerVersion}}"]).output();
    run::find_program("kind").is_some() && engine.is_ok_and(|version| !version.is_empty())
}

/// Is our cluster there?
pub(crate) fn is_up() -> bool {
    run::find_program("docker").is_some() && node_image().is_some()
}

impl Kind {
    /// Builds kind when it is missing.
    pub(super) fn new(project: &Project) -> Result<Self> {
        let program = project.tools().built(Tool::Kind, "kind")?;
        Ok(Self { program })
    }

    /// Starts the cluster, unless it is up. Without a wish for a Kubernetes the newest one runs, or the one that is up.
    pub(super) fn up(&self, project: &Project, wanted: Option<&Kubernetes>) -> Result<()> {
        let nodes = &project.versions.kind_nodes;
        if let Some(present) = node_image() {
            return match wanted.map(|wanted| wanted.image(nodes)) {
                Some(image) if image != present => bail!(
                    "kind's cluster is up and runs {present}, not {image}; take it down first: cargo xtask cluster down"
                ),
                _ => Ok(()),
            };
        }
        let image = wanted.unwrap_or(&Kubernetes::Newest).image(nodes);
        let step = Step::start(format!("starting {image} with kind"));
        self.command()
            .args(["create", "cluster", "--name", NAME, "--image", &image])
            .args(["--wait", "120s"])
            // The person's own kubeconfig stays as it is.
            .arg("--kubeconfig")
            .arg(project.dirs.cache().join("kind-kubeconfig"))
            .run()
            .context("kind could not start a cluster; --provider own starts one without it")?;
        step.done();
        Ok(())
    }

    pub(super) fn down(&self) -> Result<()> {
        Ok(self.command().args(["delete", "cluster", "--name", NAME]).run()?)
    }

    pub(super) fn kubeconfig(&self) -> Result<String> {
        Ok(self
            .command()
            .args(["get", "kubeconfig", "--name", NAME])
            .output()?)
    }

    pub(super) fn load(&self, images: &[Packed]) -> Result<()> {
        for image in images {
            self.command()
                .args(["load", "image-archive", "--name", NAME])
                .arg(&image.archive)
                .run()?;
        }
        Ok(())
    }

    fn command(&self) -> Cmd {
        Cmd::new(&self.program)
    }
}

/// The image that the node was made of; none when there is no node.
fn node_image() -> Option<String> {
    let image = docker()
        .args(["container", "inspect", "--format", "{{.Config.Image}}", NODE])
        .output();
    image.ok().filter(|image| !image.is_empty())
}

fn docker() -> Cmd {
    Cmd::new("docker")
}
