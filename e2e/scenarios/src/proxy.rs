//! A way to the API server that can be cut: bytes then neither come nor go, and no connection is told.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{Result, env};

/// A TCP forwarder on loopback; dropping it closes it.
#[derive(Debug)]
pub struct Proxy {
    flows: watch::Sender<bool>,
    kubeconfig: PathBuf,
    accepting: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Starts one before the API server that `KUBECONFIG` names. Its kubeconfig is written to `folder`.
    pub async fn start(folder: &Path, name: &str) -> Result<Self> {
        let mut config: Value =
            serde_yaml::from_str(&std::fs::read_to_string(env::required("KUBECONFIG")?)?)?;
        let server = &mut config["clusters"][0]["cluster"]["server"];
        let address = server
            .as_str()
            .and_then(|server| server.strip_prefix("https://"))
            .ok_or("no server in KUBECONFIG")?
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        *server = format!("https://{}", listener.local_addr()?).into();
        let kubeconfig = folder.join(format!("{name}.kubeconfig"));
        std::fs::write(&kubeconfig, serde_json::to_string(&config)?)?;
        let (flows, watch) = watch::channel(true);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _from)) = listener.accept().await {
                tokio::spawn(forward(client, address.clone(), watch.clone()));
            }
        });
        Ok(Self {
            flows,
            kubeconfig,
            accepting,
        })
    }

    /// The kubeconfig whose server is this proxy.
    pub fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.clone()
    }

    /// From now on nothing comes through.
    pub fn cut(&self) {
        self.flows.send_replace(false);
    }

    /// From now on everything comes through again, also what was held back.
    pub fn mend(&self) {
        self.flows.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn forward(client: TcpStream, address: String, flows: watch::Receiver<bool>) {
    let Ok(server) = TcpStream::connect(address).await else {
        return;
    };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        _closed = pump(from_client, to_server, flows.clone()) => {}
        _closed = pump(from_server, to_client, flows) => {}
    }
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut flows: watch::Receiver<bool>,
) -> Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let n = from.read(&mut buffer).await?;
        flows.wait_for(|flows| *flows).await?;
        if n == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..n]).await?;
    }
}
