//! The cluster that commands work with: an existing one, one of kind, or our own.

mod choice;
mod commands;
mod kind;
mod kubernetes;
pub(crate) mod own;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

pub(crate) use choice::Choice;
use choice::{Provider, provider};
pub(crate) use commands::{Command, down, run};
use kind::Kind;
pub(crate) use kind::is_up as kind_is_up;
use own::Own;

use crate::dirs;
use crate::images::Packed;
use crate::project::Project;
use crate::run::Cmd;
use crate::tools::Tool;

/// How much of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// etcd and an API server on loopback: nothing runs in it. Needs no root.
    Api,
    /// A node on which pods run. Needs root, unless it is kind's or an existing one.
    Node,
}

impl Level {
    pub(crate) const ALL: [Self; 2] = [Self::Api, Self::Node];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Node => "node",
        }
    }
}

/// A cluster that is up.
#[derive(Debug, Clone)]
pub(crate) struct Cluster<'a> {
    runner: Runner<'a>,
    kubeconfig: PathBuf,
    kubectl: PathBuf,
}

#[derive(Debug, Clone)]
enum Runner<'a> {
    Somebody,
    Kind(Kind),
    Own(Own<'a>),
}

impl<'a> Cluster<'a> {
    /// Brings up the cluster that is meant, or what is missing of it.
    pub(crate) fn up(project: &'a Project, choice: &Choice, level: Level) -> Result<Self> {
        if let Some(context) = &choice.context {
            return Self::existing(project, context);
        }
        if provider(choice, level)? == Provider::Kind {
            let kind = Kind::new(project)?;
            kind.up(project, choice.kubernetes.as_ref())?;
            return Self::of_kind(project, kind);
        }
        let own = Own::new(project, level);
        own.up()?;
        Self::of_own(project, own)
    }

    /// The cluster that is meant and that is up; the node when both of ours are.
    pub(crate) fn current(project: &'a Project, choice: &Choice, level: Option<Level>) -> Result<Self> {
        if let Some(context) = &choice.context {
            return Self::existing(project, context);
        }
        if choice.provider != Some(Provider::Kind) {
            let levels = [Level::Node, Level::Api];
            let wanted = levels
                .into_iter()
                .filter(|candidate| level.is_none_or(|level| level == *candidate));
            if let Some(own) = wanted.map(|level| Own::new(project, level)).find(Own::is_up) {
                return Self::of_own(project, own);
            }
        }
        if choice.provider != Some(Provider::Own) && kind::is_up() {
            return Self::of_kind(project, Kind::new(project)?);
        }
        bail!("no cluster is up; start one with: cargo xtask cluster up")
    }

    /// Takes it down, unless it is somebody else's.
    pub(crate) fn down(&self) -> Result<()> {
        match &self.runner {
            Runner::Own(own) => own.down(false),
            Runner::Kind(kind) => kind.down(),
            Runner::Somebody => Ok(()),
        }
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(crate) fn kubectl_path(&self) -> &Path {
        &self.kubectl
    }

    /// kubectl for this cluster.
    pub(crate) fn kubectl(&self) -> Cmd {
        Cmd::new(&self.kubectl).arg("--kubeconfig").arg(&self.kubeconfig)
    }

    /// Makes packed images known to the cluster's nodes.
    pub(crate) fn load(&self, images: &[Packed]) -> Result<()> {
        match &self.runner {
            Runner::Own(own) => own.load(images),
            Runner::Kind(kind) => kind.load(images),
            Runner::Somebody => {
                let names: Vec<_> = images
                    .iter()
                    .map(|image| image.archive.display().to_string())
                    .collect();
                bail!(
                    "images cannot be put into an existing cluster; push them to a registry that it \
                     pulls from and say which with --registry. The archives are:\n{}",
                    names.join("\n")
                )
            }
        }
    }

    /// Can its nodes pull public images?
    pub(crate) fn pulls_images(&self) -> bool {
        !matches!(self.runner, Runner::Own(_))
    }

    /// Do this machine's programs reach the addresses of Services?
    pub(crate) fn reaches_services(&self) -> bool {
        self.own().is_some_and(|own| own.level() == Level::Node)
    }

    /// Was it made by this program?
    pub(crate) fn is_ours(&self) -> bool {
        !matches!(self.runner, Runner::Somebody)
    }

    /// Our own cluster, if it is that.
    pub(crate) fn own(&self) -> Option<&Own<'a>> {
        match &self.runner {
            Runner::Own(own) => Some(own),
            _ => None,
        }
    }

    fn existing(project: &'a Project, context: &str) -> Result<Self> {
        let kubectl = project.tools().kubectl()?;
        let config = Cmd::new(&kubectl)
            .args([
                "config",
                "view",
                "--minify",
                "--flatten",
                "--raw",
                "--context",
                context,
            ])
            .output()
            .with_context(|| format!("the kubeconfig has no context {context}"))?;
        let cluster = Self {
            runner: Runner::Somebody,
            kubeconfig: store(project, "context", &config)?,
            kubectl,
        };
        cluster
            .check_answers()
            .with_context(|| format!("the cluster of context {context} does not answer"))?;
        Ok(cluster)
    }

    fn of_kind(project: &'a Project, kind: Kind) -> Result<Self> {
        let kubeconfig = store(project, "kind", &kind.kubeconfig()?)?;
        Ok(Self {
            runner: Runner::Kind(kind),
            kubeconfig,
            kubectl: project.tools().kubectl()?,
        })
    }

    fn of_own(project: &'a Project, own: Own<'a>) -> Result<Self> {
        let kubectl = project.tools().built(Tool::Kubernetes, "kubectl")?;
        Ok(Self {
            kubeconfig: own.kubeconfig(),
            runner: Runner::Own(own),
            kubectl,
        })
    }

    fn check_answers(&self) -> Result<()> {
        self.kubectl()
            .args(["--request-timeout=10s", "get", "--raw", "/readyz"])
            .run()?;
        Ok(())
    }
}

/// What has to be built before `Cluster::up` can start.
pub(crate) fn tools(choice: &Choice, level: Level) -> Result<Vec<Tool>> {
    let is_own = choice.context.is_none() && provider(choice, level)? == Provider::Own;
    Ok(if is_own { own::tools(level) } else { Vec::new() })
}

/// A kubeconfig of one context only, which every program that is started can simply use.
fn store(project: &Project, name: &str, config: &str) -> Result<PathBuf> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let folder = project.dirs.cache().join("kubeconfigs");
    dirs::make(&folder)?;
    let path = folder.join(name);
    // An older file might be readable by others.
    drop(std::fs::remove_file(&path));
    std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(config.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
