//! Takes a cluster down, so that nothing of it is left; also after a run that was killed.

use std::time::Duration;

use anyhow::{Result, bail};

use super::net::mounts_below;
use super::{Own, State, store::Store, traces};
use crate::cluster::Level;
use crate::dirs;
use crate::progress;
use crate::run::Cmd;

/// What starts or changes containers and volumes: ended first.
const AGENTS: [&str; 7] = [
    "netpol",
    "local-path-provisioner",
    "coredns",
    "kubelet",
    "kube-proxy",
    "kube-scheduler",
    "kube-controller-manager",
];

impl Own<'_> {
    /// Ends processes and containers, then removes mounts, network, cgroups and the folder.
    pub(super) fn take_down(&self) -> Result<()> {
        if let Some(state) = self.state() {
            // From here on it is no cluster to go on with, even if this run is killed.
            self.write(&State {
                ready: false,
                ..state
            })?;
        }
        let processes = self.processes();
        processes.stop(&AGENTS, Duration::from_secs(3))?;
        if self.level == Level::Node && self.network().is_up()? && self.file("containerd.toml").exists() {
            // Containers outlive a containerd that died, so it is started once more to end them.
            if let Err(error) = self
                .start_containerd()
                .and_then(|()| remove_containers(&self.store()))
            {
                progress::note(&format!(
                    "containers are killed, as containerd does not answer: {error:#}"
                ));
            }
        }
        // Their state is removed in a moment, so nothing is lost by insisting.
        processes.stop(&["containerd", "kube-apiserver", "etcd"], Duration::from_secs(1))?;
        processes.sweep()?;
        if self.level == Level::Node {
            self.unmount()?;
            self.network().remove()?;
            traces::remove(&self.folder, &self.store());
        }
        if !mounts_below(&self.folder)?.is_empty() {
            bail!("mounts are left below {}", self.folder.display());
        }
        dirs::remove(&self.folder)
    }

    fn unmount(&self) -> Result<()> {
        let namespace = self.network().namespace();
        for point in mounts_below(&self.folder)? {
            if point != namespace {
                Cmd::new("umount").arg("--lazy").arg(point).run()?;
            }
        }
        Ok(())
    }
}

fn remove_containers(store: &Store) -> Result<()> {
    let listed = store.ctr().args(["containers", "list", "--quiet"]).output()?;
    let containers: Vec<_> = listed.lines().collect();
    std::thread::scope(|scope| {
        for container in &containers {
            scope.spawn(|| {
                // A container without a task, or one that ended by itself, fails here; what matters is
                // that none is left, which is looked at below.
                store
                    .ctr()
                    .args(["tasks", "kill", "--signal", "SIGKILL", container])
                    .succeeds();
                store
                    .ctr()
                    .args(["tasks", "delete", "--force", container])
                    .succeeds();
                store.ctr().args(["containers", "delete", container]).succeeds();
            });
        }
    });
    let left = store.ctr().args(["containers", "list", "--quiet"]).output()?;
    if !left.is_empty() {
        bail!("containers do not end: {}", left.replace('\n', " "));
    }
    Ok(())
}
