//! One folder with everything that helps to understand a failure.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cluster::Cluster;
use crate::dirs::{self, Dirs};
use crate::run::Cmd;

/// The folder of one test run.
#[derive(Debug)]
pub(super) struct Artifacts {
    folder: PathBuf,
}

impl Artifacts {
    /// Makes the folder, named after the time.
    pub(super) fn create(dirs: &Dirs) -> Result<Self> {
        let time = Cmd::new("date").args(["--utc", "+%Y%m%dT%H%M%SZ"]).output()?;
        let folder = dirs.artifacts().join(format!("{time}-{}", std::process::id()));
        dirs::make(&folder)?;
        Ok(Self { folder })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes it all: nothing failed.
    pub(super) fn remove(&self) -> Result<()> {
        dirs::remove(&self.folder)
    }

    /// Keeps the objects and events of a cluster, the logs of its pods and of its processes.
    pub(super) fn collect(&self, name: &str, cluster: &Cluster<'_>) -> Result<()> {
        let folder = self.folder.join(name);
        dirs::make(&folder)?;
        let kept = [
            ("pods.txt", "get pods --all-namespaces --output wide"),
            ("describe-pods.txt", "describe pods --all-namespaces"),
            (
                "events.txt",
                "get events --all-namespaces --sort-by=.metadata.creationTimestamp",
            ),
            (
                "workloads.yaml",
                "get deployments,statefulsets,services --all-namespaces --output yaml",
            ),
            (
                "platforms.yaml",
                "get todoplatforms --all-namespaces --output yaml",
            ),
        ];
        for (file, arguments) in kept {
            let output = cluster
                .kubectl()
                .arg("--request-timeout=30s")
                .args(arguments.split(' '))
                .output();
            dirs::write(
                &folder.join(file),
                output.unwrap_or_else(|error| error.to_string()),
            )?;
        }
        if let Some(own) = cluster.own() {
            self.copy(&own.logs(), &format!("{name}/processes"));
            self.copy(&own.pod_logs(), &format!("{name}/pods"));
        } else {
            Self::collect_pod_logs(&folder.join("pods"), cluster)?;
        }
        Ok(())
    }

    /// Copies a folder of logs, if it is there.
    pub(super) fn copy(&self, from: &Path, name: &str) {
        let to = self.folder.join(name);
        let made = to
            .parent()
            .is_some_and(|parent| std::fs::create_dir_all(parent).is_ok());
        if made && from.exists() {
            // A log that vanishes while it is copied is no reason to lose the others.
            Cmd::new("cp").arg("-rL").arg(from).arg(to).succeeds();
        }
    }

    fn collect_pod_logs(folder: &Path, cluster: &Cluster<'_>) -> Result<()> {
        dirs::make(folder)?;
        let template = r#"jsonpath={range .items[*]}{.metadata.namespace}{" "}{.metadata.name}{"\n"}{end}"#;
        let pods = cluster
            .kubectl()
            .args(["get", "pods", "--all-namespaces", "--output", template])
            .output()?;
        for (namespace, pod) in pods.lines().filter_map(|line| line.split_once(' ')) {
            let logs = cluster
                .kubectl()
                .args([
                    "--namespace",
                    namespace,
                    "logs",
                    pod,
                    "--all-containers",
                    "--prefix",
                ])
                .output();
            let text = logs.unwrap_or_else(|error| error.to_string());
            dirs::write(&folder.join(format!("{namespace}-{pod}.log")), text)?;
        }
        Ok(())
    }
}
