//! The node: containerd, kubelet, kube-proxy, cluster DNS and a volume provisioner.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::control_plane::ControlPlane;
use super::{Own, net};
use crate::dirs;
use crate::images;
use crate::netpol;
use crate::run::{self, Cmd};
use crate::tools::Tool;
use crate::wait;

/// Debian packages with the programs of a node.
pub(super) const PACKAGES: [&str; 9] = [
    "containerd",
    "runc",
    "containernetworking-plugins",
    "iptables",
    "nftables",
    "conntrack",
    "iproute2",
    "util-linux",
    "busybox-static",
];

/// The node's name.
pub(crate) const NAME: &str = "node1";

impl Own<'_> {
    /// Starts the controllers and the node once the API server runs, and waits until pods can run.
    pub(super) fn start_node(&self, control_plane: &ControlPlane<'_>) -> Result<()> {
        self.start_containerd()?;
        let dirs = &self.project.dirs;
        self.load(&[images::pause(dirs)?, images::busybox(dirs)?])?;
        control_plane.wait_for_api()?;
        control_plane.start_controllers()?;
        self.start_kubelet()?;
        self.start_proxy()?;
        self.start_dns()?;
        self.start_policies()?;
        self.start_provisioner()?;
        self.wait_for_node()
    }

    pub(super) fn start_containerd(&self) -> Result<()> {
        let store = self.store();
        dirs::make(&self.file("cni"))?;
        self.config(
            "containerd.toml",
            include_str!("../../../../cluster/containerd.toml"),
        )?;
        self.config(
            "cni/10-bridge.conflist",
            include_str!("../../../../cluster/cni.json"),
        )?;
        let program = run::find_program("containerd").context("containerd is not installed")?;
        let config = format!("--config={}", self.file("containerd.toml").display());
        self.processes().start("containerd", &program, &[config])?;
        wait::until("containerd's answer", Duration::from_secs(30), || {
            self.processes().check("containerd")?;
            Ok(store.ctr().arg("version").succeeds())
        })
    }

    fn start_kubelet(&self) -> Result<()> {
        dirs::make(&self.file("kubelet"))?;
        self.config("kubelet.yaml", include_str!("../../../../cluster/kubelet.yaml"))?;
        let args = [
            format!("--config={}", self.file("kubelet.yaml").display()),
            self.kubeconfig_arg(),
            format!("--root-dir={}", self.file("kubelet").display()),
            format!("--cert-dir={}", self.file("kubelet/pki").display()),
            format!("--hostname-override={NAME}"),
            format!("--node-ip={}", net::NODE),
            "--node-labels=topology.kubernetes.io/zone=zone1,topology.kubernetes.io/region=region1"
                .to_owned(),
        ];
        self.start_tool("kubelet", Tool::Kubernetes, &args)
    }

    fn start_proxy(&self) -> Result<()> {
        let args = [
            self.kubeconfig_arg(),
            format!("--hostname-override={NAME}"),
            "--proxy-mode=iptables".to_owned(),
            format!("--cluster-cidr={}", net::PODS),
            // Settings of the whole machine, which are not ours to change.
            "--conntrack-max-per-core=0".to_owned(),
            "--conntrack-tcp-timeout-established=0".to_owned(),
            "--conntrack-tcp-timeout-close-wait=0".to_owned(),
            "--oom-score-adj=0".to_owned(),
            "--metrics-bind-address=127.0.0.1:10249".to_owned(),
            "--healthz-bind-address=127.0.0.1:10256".to_owned(),
        ];
        self.start_tool("kube-proxy", Tool::Kubernetes, &args)
    }

    fn start_dns(&self) -> Result<()> {
        self.config("Corefile", include_str!("../../../../cluster/Corefile"))?;
        let args = ["-conf".to_owned(), self.file("Corefile").display().to_string()];
        self.start_tool("coredns", Tool::CoreDns, &args)
    }

    fn start_policies(&self) -> Result<()> {
        let agent = netpol::Agent {
            kubectl: self.project.tools().path(Tool::Kubernetes, "kubectl"),
            kubeconfig: self.kubeconfig(),
            host: net::HOST.parse()?,
            dns: net::POD_GATEWAY.parse()?,
        };
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        self.processes().start("netpol", &program, &agent.arguments())
    }

    fn start_provisioner(&self) -> Result<()> {
        dirs::make(&self.volumes())?;
        self.config(
            "provisioner.json",
            include_str!("../../../../cluster/provisioner.json"),
        )?;
        let objects = self.fill(include_str!("../../../../cluster/provisioner.yaml"));
        self.kubectl()
            .args(["apply", "--filename", "-"])
            .stdin(objects)
            .run()?;
        let program = self
            .project
            .tools()
            .path(Tool::LocalPathProvisioner, "local-path-provisioner");
        let args = [
            // What it would learn from its pod's fields, if it ran in one.
            "POD_NAMESPACE=local-path-storage".to_owned(),
            program.display().to_string(),
            "start".to_owned(),
            self.kubeconfig_arg(),
            format!("--config={}", self.file("provisioner.json").display()),
            "--namespace=local-path-storage".to_owned(),
            "--configmap-name=local-path-config".to_owned(),
            "--helper-image=localhost/busybox:1".to_owned(),
        ];
        self.processes()
            .start("local-path-provisioner", Path::new("env"), &args)
    }

    fn wait_for_node(&self) -> Result<()> {
        let limit = Duration::from_secs(90);
        let account = self
            .kubectl()
            .args(["--namespace", "default", "get", "serviceaccount", "default"]);
        wait::until("the default service account", limit, || {
            self.processes().check("kube-controller-manager")?;
            Ok(account.succeeds())
        })?;
        let ready = self
            .kubectl()
            .args(["get", "node", NAME, "--output"])
            .arg("jsonpath={.status.conditions[?(@.type=='Ready')].status}");
        wait::until("the node's readiness", limit, || {
            for process in [
                "kubelet",
                "kube-proxy",
                "coredns",
                "netpol",
                "local-path-provisioner",
            ] {
                self.processes().check(process)?;
            }
            Ok(ready.output().is_ok_and(|status| status == "True"))
        })
    }

    /// Folder of the persistent volumes.
    pub(super) fn volumes(&self) -> PathBuf {
        self.file("volumes")
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn start_tool(&self, name: &str, tool: Tool, args: &[String]) -> Result<()> {
        self.processes()
            .start(name, &self.project.tools().path(tool, name), args)
    }

    fn kubectl(&self) -> Cmd {
        Cmd::new(self.project.tools().path(Tool::Kubernetes, "kubectl"))
            .arg("--kubeconfig")
            .arg(self.kubeconfig())
    }

    fn kubeconfig_arg(&self) -> String {
        format!("--kubeconfig={}", self.kubeconfig().display())
    }

    fn config(&self, name: &str, template: &str) -> Result<()> {
        dirs::write(&self.file(name), self.fill(template))
    }

    /// Puts this cluster's paths and addresses into a template.
    fn fill(&self, template: &str) -> String {
        let store = self.store();
        [
            ("cluster", self.folder.display().to_string()),
            ("containerd-root", store.root().display().to_string()),
            ("containerd-socket", store.socket().display().to_string()),
            ("snapshotter", snapshotter(store.root()).to_owned()),
            ("cni-plugins", cni_plugins().display().to_string()),
            ("kubeconfig", self.kubeconfig().display().to_string()),
            ("volumes", self.volumes().display().to_string()),
            ("bridge", net::BRIDGE.to_owned()),
            ("node-pods", net::NODE_PODS.to_owned()),
            ("pod-gateway", net::POD_GATEWAY.to_owned()),
        ]
        .iter()
        .fold(template.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        })
    }
}

/// Where Debian puts the network plugins, or where everybody else does.
fn cni_plugins() -> &'static Path {
    let debian = Path::new("/usr/lib/cni");
    if debian.exists() {
        debian
    } else {
        Path::new("/opt/cni/bin")
    }
}

/// An overlay cannot lie on an overlay, which is what the files of a container lie on.
fn snapshotter(root: &Path) -> &'static str {
    let kind = root
        .ancestors()
        .find(|folder| folder.exists())
        .and_then(|folder| {
            Cmd::new("stat")
                .args(["--file-system", "--format=%T"])
                .arg(folder)
                .output()
                .ok()
        });
    if kind.as_deref() == Some("overlayfs") {
        "native"
    } else {
        "overlayfs"
    }
}
