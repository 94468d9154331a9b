//! Certificates, keys and tokens of a cluster, made by openssl and valid for a year.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::net;
use crate::dirs;
use crate::run::Cmd;

/// A folder of keys and certificates.
#[derive(Debug, Clone)]
pub(super) struct Pki {
    folder: PathBuf,
}

impl Pki {
    pub(super) fn new(cluster: &Path) -> Self {
        Self {
            folder: cluster.join("pki"),
        }
    }

    /// A file of it: `ca.crt`, `api.key`, `service-accounts.pub`, `tokens.csv` and so on.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Makes all of it, unless it is there.
    pub(super) fn ensure(&self) -> Result<()> {
        if self.folder.exists() {
            return Ok(());
        }
        let whole = Self {
            folder: self.folder.with_extension("new"),
        };
        dirs::remove(&whole.folder)?;
        dirs::make(&whole.folder)?;
        std::fs::set_permissions(&whole.folder, std::fs::Permissions::from_mode(0o700))?;
        whole.make()?;
        std::fs::rename(&whole.folder, &self.folder).context("cannot move the certificates into place")
    }

    fn make(&self) -> Result<()> {
        openssl(&["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out"])
            .arg(self.path("service-accounts.key"))
            .run()?;
        openssl(&["ec", "-pubout", "-in"])
            .arg(self.path("service-accounts.key"))
            .arg("-out")
            .arg(self.path("service-accounts.pub"))
            .run()?;
        self.request("ca", "/CN=todoplatform-cluster-ca")
            .args(["-addext", "keyUsage=critical,keyCertSign,cRLSign"])
            .run()?;
        let names = [
            "IP:127.0.0.1".to_owned(),
            format!("IP:{}", net::SERVICE_API),
            format!("IP:{}", net::NODE),
            format!("IP:{}", net::POD_GATEWAY),
            "DNS:localhost".to_owned(),
            "DNS:kubernetes".to_owned(),
            "DNS:kubernetes.default".to_owned(),
            "DNS:kubernetes.default.svc".to_owned(),
            "DNS:kubernetes.default.svc.cluster.local".to_owned(),
        ];
        self.signed("api", "/CN=kube-apiserver")
            .arg("-addext")
            .arg(format!("subjectAltName={}", names.join(",")))
            .args(["-addext", "extendedKeyUsage=serverAuth,clientAuth"])
            .run()?;
        // The API server's identity when it passes a request on to an extension API server.
        self.signed("front-proxy", "/CN=front-proxy-client")
            .args(["-addext", "extendedKeyUsage=clientAuth"])
            .run()?;
        let token = openssl(&["rand", "-hex", "16"]).output()?;
        dirs::write(
            &self.path("tokens.csv"),
            format!("{token},admin,admin,\"system:masters\"\n"),
        )
    }

    /// A kubeconfig of the administrator.
    pub(super) fn write_kubeconfig(&self, path: &Path, server: &str) -> Result<()> {
        let tokens = dirs::read(&self.path("tokens.csv"))?;
        let token = tokens.split(',').next().unwrap_or_default();
        let config = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "todoplatform", "cluster": {
                "server": server,
                "certificate-authority": self.path("ca.crt"),
            }}],
            "users": [{"name": "admin", "user": {"token": token}}],
            "contexts": [{"name": "todoplatform", "context": {"cluster": "todoplatform", "user": "admin"}}],
            "current-context": "todoplatform",
        });
        dirs::write(path, format!("{config:#}\n"))?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(())
    }

    /// A self-signed certificate.
    fn request(&self, name: &str, subject: &str) -> Cmd {
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-noenc",
        ])
        .args(["-days", "365", "-subj", subject, "-keyout"])
        .arg(self.path(&format!("{name}.key")))
        .arg("-out")
        .arg(self.path(&format!("{name}.crt")))
    }

    /// A certificate signed by our CA.
    fn signed(&self, name: &str, subject: &str) -> Cmd {
        self.request(name, subject)
            .arg("-CA")
            .arg(self.path("ca.crt"))
            .arg("-CAkey")
            .arg(self.path("ca.key"))
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
    }
}

fn openssl(args: &[&str]) -> Cmd {
    Cmd::new("openssl").args(args)
}
