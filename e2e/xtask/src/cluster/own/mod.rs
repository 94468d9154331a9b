//! The cluster that this program runs itself, from processes on this machine.
//!
//! Its folder holds all of its state and is there exactly while the cluster is up. `state.json` says
//! how far `up` came: a cluster that was not brought up wholly is taken down before the next one.

mod control_plane;
mod down;
pub(crate) mod net;
mod node;
mod pki;
mod proc;
pub(crate) mod processes;
mod status;
mod store;
mod traces;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use control_plane::{ControlPlane, Ports};
use net::Network;
use pki::Pki;
use processes::Processes;

use super::Level;
use crate::dirs;
use crate::images::Packed;
use crate::lock;
use crate::progress::{self, Step};
use crate::project::Project;
use crate::run;
use crate::tools::{Tool, debian};

/// What is remembered of a cluster that is up or was being brought up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    level: Level,
    ports: Ports,
    /// A cluster of before the machine's last start has no processes, mounts and links any more.
    boot: String,
    /// `up` came to its end.
    ready: bool,
}

/// One of the two clusters that can run on a machine: of level api, of level node.
#[derive(Debug, Clone)]
pub(crate) struct Own<'a> {
    project: &'a Project,
    level: Level,
    folder: PathBuf,
}

impl<'a> Own<'a> {
    pub(crate) fn new(project: &'a Project, level: Level) -> Self {
        Self {
            project,
            level,
            folder: project.dirs.cluster(level.name()),
        }
    }

    pub(crate) fn level(&self) -> Level {
        self.level
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// Folder of the processes' logs.
    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Who wrote what, by the API server's own account.
    pub(crate) fn audit_log(&self) -> PathBuf {
        control_plane::audit_log(&self.folder)
    }

    /// Folder of the pods' logs.
    pub(crate) fn pod_logs(&self) -> PathBuf {
        self.folder.join("pods")
    }

    /// Is it up, wholly?
    pub(crate) fn is_up(&self) -> bool {
        self.state()
            .is_some_and(|state| state.ready && state.boot == boot_id())
    }

    /// Is any of it there, even if only the rest of an interrupted run?
    pub(crate) fn exists(&self) -> bool {
        self.folder.exists()
    }

    /// Brings up what is missing.
    pub(crate) fn up(&self) -> Result<()> {
        if self.level == Level::Node && !debian::is_root() {
            bail!(
                "a node needs root: run this with sudo, or name a cluster with --context, \
                 or take --level api, which needs none"
            );
        }
        let _lock = lock::acquire(&self.project.dirs, self.level.name())?;
        let etcd = self.prepare()?;
        if self.exists() && !self.is_up() {
            progress::note("an earlier run was interrupted: taking down what it left");
            self.take_down()?;
        }
        let step = Step::start(match self.level {
            Level::Api => "starting the API server",
            Level::Node => "starting the node",
        });
        let state = match self.state() {
            Some(state) => state,
            None => State {
                level: self.level,
                ports: Ports::choose(self.level)?,
                boot: boot_id(),
                ready: false,
            },
        };
        dirs::make(&self.folder)?;
        self.write(&state)?;
        self.start(&state, etcd)?;
        self.write(&State { ready: true, ..state })?;
        step.done();
        Ok(())
    }

    /// Takes all of it down. `purge` also empties the node's store of images.
    pub(crate) fn down(&self, purge: bool) -> Result<()> {
        let _lock = lock::acquire(&self.project.dirs, self.level.name())?;
        if self.exists() {
            if self.level == Level::Node && !debian::is_root() {
                bail!("the node was started by root: run this with sudo");
            }
            let step = Step::start(format!("taking the {} cluster down", self.level.name()));
            self.take_down()?;
            step.done();
        }
        if purge && self.level == Level::Node {
            dirs::remove(&self.project.dirs.container_store())?;
            dirs::remove(&self.project.dirs.images())?;
        }
        Ok(())
    }

    /// Makes the node's containers find these images.
    pub(crate) fn load(&self, images: &[Packed]) -> Result<()> {
        match self.level {
            Level::Node => self.store().load(images),
            Level::Api => bail!("this cluster has no node that could run an image"),
        }
    }

    pub(crate) fn network(&self) -> Network {
        Network::new(&self.folder)
    }

    /// Installs and builds what this level needs; gives the path of etcd.
    fn prepare(&self) -> Result<PathBuf> {
        debian::install(&["openssl"])?;
        if self.level == Level::Node {
            debian::install(&node::PACKAGES)?;
        }
        let etcd = match run::find_program("etcd") {
            Some(path) => path,
            None => debian::unpacked(&self.project.dirs, "etcd-server")?.join("usr/bin/etcd"),
        };
        self.project.tools().ensure(&tools(self.level))?;
        Ok(etcd)
    }

    fn start(&self, state: &State, etcd: PathBuf) -> Result<()> {
        let pki = Pki::new(&self.folder);
        pki.ensure()?;
        let kubeconfig = self.kubeconfig();
        pki.write_kubeconfig(&kubeconfig, &ControlPlane::server(self.level, &state.ports))?;
        let processes = self.processes();
        let tools = self.project.tools();
        let control_plane = ControlPlane {
            level: self.level,
            folder: &self.folder,
            ports: &state.ports,
            pki: &pki,
            processes: &processes,
            tools: &tools,
            etcd,
            kubeconfig: &kubeconfig,
        };
        if self.level == Level::Node {
            self.network().create()?;
        }
        control_plane.start_api()?;
        if self.level == Level::Api {
            return control_plane.wait_for_api();
        }
        self.start_node(&control_plane)
    }

    fn processes(&self) -> Processes {
        let namespace = (self.level == Level::Node).then(|| self.network().namespace());
        Processes::new(&self.folder, namespace)
    }

    fn store(&self) -> store::Store {
        store::Store::new(&self.folder, &self.project.dirs.container_store())
    }

    fn state(&self) -> Option<State> {
        serde_json::from_str(&std::fs::read_to_string(self.state_file()).ok()?).ok()
    }

    fn write(&self, state: &State) -> Result<()> {
        dirs::write(&self.state_file(), serde_json::to_vec_pretty(state)?)
    }

    fn state_file(&self) -> PathBuf {
        self.folder.join("state.json")
    }
}

/// The built programs of this level.
pub(crate) fn tools(level: Level) -> Vec<Tool> {
    match level {
        Level::Api => vec![Tool::Kubernetes],
        Level::Node => vec![Tool::Kubernetes, Tool::CoreDns, Tool::LocalPathProvisioner],
    }
}

/// Changes with every start of the machine.
fn boot_id() -> String {
    std::fs::read_to_string(Path::new("/proc/sys/kernel/random/boot_id"))
        .unwrap_or_default()
        .trim()
        .to_owned()
}
