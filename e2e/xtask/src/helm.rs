//! Helm 4, with its files in our cache and not in the person's home.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cluster::Cluster;
use crate::project::Project;
use crate::run::Cmd;

/// Helm for one cluster.
#[derive(Debug)]
pub(crate) struct Helm {
    program: PathBuf,
    home: PathBuf,
    kubeconfig: PathBuf,
}

impl Helm {
    pub(crate) fn new(project: &Project, cluster: &Cluster<'_>) -> Result<Self> {
        Ok(Self {
            program: project.tools().helm()?,
            home: project.dirs.cache().join("helm"),
            kubeconfig: cluster.kubeconfig().to_owned(),
        })
    }

    /// Installs the release or brings it to this chart and these values (`key=value`).
    pub(crate) fn upgrade(
        &self,
        release: &str,
        chart: &Path,
        namespace: &str,
        values: &[String],
    ) -> Result<()> {
        let mut cmd = self.command().args(["upgrade", "--install", release]).arg(chart);
        for value in values {
            cmd = cmd.args(["--set", value]);
        }
        Ok(cmd.args(["--namespace", namespace, "--create-namespace"]).run()?)
    }

    /// Removes the release; one that is not there is fine.
    pub(crate) fn uninstall(&self, release: &str, namespace: &str) -> Result<()> {
        let cmd = self
            .command()
            .args(["uninstall", release, "--namespace", namespace]);
        Ok(cmd
            .args(["--ignore-not-found", "--wait", "--timeout", "120s"])
            .run()?)
    }

    /// A bare helm command.
    pub(crate) fn command(&self) -> Cmd {
        Cmd::new(&self.program)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HELM_CACHE_HOME", self.home.join("cache"))
            .env("HELM_CONFIG_HOME", self.home.join("config"))
            .env("HELM_DATA_HOME", self.home.join("data"))
    }
}
