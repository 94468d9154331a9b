//! etcd, API server, controller-manager and scheduler as processes.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::net;
use super::pki::Pki;
use super::processes::Processes;
use crate::cluster::Level;
use crate::dirs;
use crate::run::Cmd;
use crate::tools::{Tool, Tools};
use crate::wait;

/// Where the processes of the control plane listen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ports {
    pub(super) api: u16,
    pub(super) etcd: u16,
    pub(super) etcd_peers: u16,
}

impl Ports {
    /// The usual ones in a network namespace of its own, free ones on the host's loopback.
    pub(super) fn choose(level: Level) -> Result<Self> {
        match level {
            Level::Node => Ok(Self {
                api: 6443,
                etcd: 2379,
                etcd_peers: 2380,
            }),
            Level::Api => {
                // All three are held until all are known, or one could be given out twice.
                let bind = || TcpListener::bind("127.0.0.1:0").context("no free port on loopback");
                let held = [bind()?, bind()?, bind()?];
                let port = |at: usize| held[at].local_addr().map(|address| address.port());
                Ok(Self {
                    api: port(0)?,
                    etcd: port(1)?,
                    etcd_peers: port(2)?,
                })
            }
        }
    }
}

/// Who wrote what and when, for scenarios with more than one writer: Leases with their content, the rest by name, and
/// nothing of Secrets.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
  - {level: None, resources: [{group: \"\", resources: [secrets]}]}
  - level: RequestResponse
    verbs: [create, update, patch, delete]
    resources: [{group: coordination.k8s.io, resources: [leases]}]
  - {level: Metadata, verbs: [create, update, patch, delete]}
  - {level: None}
";

/// Where the API server keeps its audit log.
pub(super) fn audit_log(folder: &Path) -> PathBuf {
    folder.join("log/audit.log")
}

/// The control plane of one cluster.
pub(super) struct ControlPlane<'a> {
    pub(super) level: Level,
    pub(super) folder: &'a Path,
    pub(super) ports: &'a Ports,
    pub(super) pki: &'a Pki,
    pub(super) processes: &'a Processes,
    pub(super) tools: &'a Tools<'a>,
    pub(super) etcd: PathBuf,
    pub(super) kubeconfig: &'a Path,
}

impl ControlPlane<'_> {
    /// The address that clients use.
    pub(super) fn server(level: Level, ports: &Ports) -> String {
        let host = match level {
            Level::Api => "127.0.0.1",
            Level::Node => net::NODE,
        };
        format!("https://{host}:{}", ports.api)
    }

    pub(super) fn start_api(&self) -> Result<()> {
        dirs::write(&self.audit_policy(), AUDIT_POLICY)?;
        self.processes.start("etcd", &self.etcd, &self.etcd_args())?;
        self.processes.start(
            "kube-apiserver",
            &self.program("kube-apiserver"),
            &self.api_args(),
        )
    }

    pub(super) fn wait_for_api(&self) -> Result<()> {
        let ready = Cmd::new(self.program("kubectl"))
            .arg("--kubeconfig")
            .arg(self.kubeconfig)
            .args(["get", "--raw", "/readyz"]);
        wait::until("the API server's readiness", Duration::from_secs(90), || {
            self.processes.check("etcd")?;
            self.processes.check("kube-apiserver")?;
            Ok(ready.succeeds())
        })
    }

    pub(super) fn start_controllers(&self) -> Result<()> {
        let kubeconfig = format!("--kubeconfig={}", self.kubeconfig.display());
        let manager = [
            kubeconfig.clone(),
            "--bind-address=127.0.0.1".to_owned(),
            "--use-service-account-credentials".to_owned(),
            "--leader-elect=false".to_owned(),
            self.file("root-ca-file", "ca.crt"),
            self.file("cluster-signing-cert-file", "ca.crt"),
            self.file("cluster-signing-key-file", "ca.key"),
            self.file("service-account-private-key-file", "service-accounts.key"),
        ];
        let name = "kube-controller-manager";
        self.processes.start(name, &self.program(name), &manager)?;
        let scheduler = [
            kubeconfig,
            "--bind-address=127.0.0.1".to_owned(),
            "--leader-elect=false".to_owned(),
        ];
        self.processes
            .start("kube-scheduler", &self.program("kube-scheduler"), &scheduler)
    }

    fn etcd_args(&self) -> Vec<String> {
        let Ports { etcd, etcd_peers, .. } = self.ports;
        vec![
            format!("--data-dir={}", self.folder.join("etcd").display()),
            format!("--listen-client-urls=http://127.0.0.1:{etcd}"),
            format!("--advertise-client-urls=http://127.0.0.1:{etcd}"),
            format!("--listen-peer-urls=http://127.0.0.1:{etcd_peers}"),
            format!("--initial-advertise-peer-urls=http://127.0.0.1:{etcd_peers}"),
            format!("--initial-cluster=default=http://127.0.0.1:{etcd_peers}"),
            "--logger=zap".to_owned(),
            "--log-outputs=stderr".to_owned(),
            "--log-level=warn".to_owned(),
        ]
    }

    fn api_args(&self) -> Vec<String> {
        // On loopback there is no address that pods could use, and so no endpoint to publish.
        let (bind, advertise, endpoints) = match self.level {
            Level::Api => ("127.0.0.1", "127.0.0.1", "none"),
            Level::Node => ("0.0.0.0", net::NODE, "lease"),
        };
        vec![
            format!("--etcd-servers=http://127.0.0.1:{}", self.ports.etcd),
            format!("--bind-address={bind}"),
            format!("--advertise-address={advertise}"),
            format!("--secure-port={}", self.ports.api),
            format!("--endpoint-reconciler-type={endpoints}"),
            format!("--service-cluster-ip-range={}", net::SERVICES),
            "--authorization-mode=RBAC".to_owned(),
            "--allow-privileged".to_owned(),
            "--kubelet-preferred-address-types=InternalIP".to_owned(),
            self.file("tls-cert-file", "api.crt"),
            self.file("tls-private-key-file", "api.key"),
            self.file("client-ca-file", "ca.crt"),
            self.file("token-auth-file", "tokens.csv"),
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
            self.file("service-account-key-file", "service-accounts.pub"),
            self.file("service-account-signing-key-file", "service-accounts.key"),
            self.file("requestheader-client-ca-file", "ca.crt"),
            "--requestheader-allowed-names=front-proxy-client".to_owned(),
            "--requestheader-username-headers=X-Remote-User".to_owned(),
            "--requestheader-group-headers=X-Remote-Group".to_owned(),
            "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
            self.file("proxy-client-cert-file", "front-proxy.crt"),
            self.file("proxy-client-key-file", "front-proxy.key"),
            format!("--audit-policy-file={}", self.audit_policy().display()),
            format!("--audit-log-path={}", audit_log(self.folder).display()),
        ]
    }

    fn audit_policy(&self) -> PathBuf {
        self.folder.join("audit.yaml")
    }

    fn file(&self, option: &str, file: &str) -> String {
        format!("--{option}={}", self.pki.path(file).display())
    }

    fn program(&self, name: &str) -> PathBuf {
        self.tools.path(Tool::Kubernetes, name)
    }
}
