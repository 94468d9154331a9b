//! A way that can be cut, to the API server or to whatever else listens: bytes then neither come nor go, and no connection is told.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{broadcast, watch},
};

use crate::{Result, env};

/// A TCP forwarder on loopback; dropping it closes it.
#[derive(Debug)]
pub struct Way {
    flows: watch::Sender<bool>,
    breaks: broadcast::Sender<()>,
    address: SocketAddr,
    accepting: tokio::task::JoinHandle<()>,
}

impl Way {
    /// Starts one to `address`, on a port that is free.
    pub async fn to(address: String) -> Result<Self> {
        Ok(Self::through(TcpListener::bind("127.0.0.1:0").await?, address)?)
    }

    /// Starts one from `listener` to `address`.
    pub fn through(listener: TcpListener, to: String) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (flows, watch) = watch::channel(true);
        let breaks = broadcast::Sender::new(1);
        let breaking = breaks.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _from)) = listener.accept().await {
                let mut broken = breaking.subscribe();
                let forwarded = forward(client, to.clone(), watch.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = forwarded => {}
                        _broken = broken.recv() => {}
                    }
                });
            }
        });
        Ok(Self {
            flows,
            breaks,
            address,
            accepting,
        })
    }

    /// Where it begins.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on nothing comes through.
    pub fn cut(&self) {
        self.flows.send_replace(false);
    }

    /// From now on everything comes through again, also what was held back of those who still wait.
    pub fn mend(&self) {
        self.flows.send_replace(true);
    }

    /// Closes every connection that there is; new ones are welcome.
    pub fn sever(&self) {
        // Fails only when there is none.
        let _ = self.breaks.send(());
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A way to the API server, with a kubeconfig that leads through it.
#[derive(Debug)]
pub struct Proxy {
    way: Way,
    kubeconfig: PathBuf,
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
        let way = Way::to(address).await?;
        *server = format!("https://{}", way.address()).into();
        let kubeconfig = folder.join(format!("{name}.kubeconfig"));
        std::fs::write(&kubeconfig, serde_json::to_string(&config)?)?;
        Ok(Self { way, kubeconfig })
    }

    /// The kubeconfig whose server is this proxy.
    pub fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.clone()
    }

    /// From now on nothing comes through.
    pub fn cut(&self) {
        self.way.cut();
    }

    /// From now on everything comes through again, also what was held back of those who still wait.
    pub fn mend(&self) {
        self.way.mend();
    }
}

async fn forward(client: TcpStream, address: String, flows: watch::Receiver<bool>) {
    let Ok(server) = TcpStream::connect(address).await else {
        return;
    };
    // A way of its own must not make anything slower than the one that it stands for.
    if client
        .set_nodelay(true)
        .and_then(|()| server.set_nodelay(true))
        .is_err()
    {
        return;
    }
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        _closed = pump(from_client, to_server, flows.clone()) => {}
        _closed = pump(from_server, to_client, flows) => {}
    }
}

/// Carries bytes while they flow, and holds back what comes meanwhile. Whoever hangs up takes back what was held: that a
/// network brings the request of a sender that has given up long ago, no client can prevent, and none is to blame for.
async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut flows: watch::Receiver<bool>,
) -> Result<()> {
    let mut held = Vec::new();
    loop {
        tokio::select! {
            biased;
            flowing = has_flow(&mut flows), if !held.is_empty() => {
                flowing?;
                to.write_all(&held).await?;
                held.clear();
            }
            read = from.read_buf(&mut held) => if read? == 0 {
                return Ok(());
            },
        }
    }
}

async fn has_flow(flows: &mut watch::Receiver<bool>) -> Result<()> {
    flows.wait_for(|flows| *flows).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A way through: the client's end, where the server would accept, and what cuts it.
    async fn way() -> (TcpStream, TcpStream, watch::Sender<bool>) {
        let [entry, server] = [
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
        ];
        let (flows, watch) = watch::channel(true);
        let client = TcpStream::connect(entry.local_addr().unwrap()).await.unwrap();
        let (accepted, _from) = entry.accept().await.unwrap();
        let address = server.local_addr().unwrap().to_string();
        tokio::spawn(forward(accepted, address, watch));
        let (end, _from) = server.accept().await.unwrap();
        (client, end, flows)
    }

    #[tokio::test]
    async fn what_was_held_back_arrives_once_it_flows_again() {
        let (mut client, mut server, flows) = way().await;
        flows.send_replace(false);
        client.write_all(b"late").await.unwrap();
        let mut found = [0; 4];
        let early = tokio::time::timeout(Duration::from_millis(100), server.read(&mut found)).await;
        assert!(early.is_err(), "it is cut");
        flows.send_replace(true);
        server.read_exact(&mut found).await.unwrap();
        assert_eq!(&found, b"late");
    }

    #[tokio::test]
    async fn what_is_severed_closes_and_what_comes_after_does_not() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Way::to(server.local_addr().unwrap().to_string()).await.unwrap();
        let mut before = TcpStream::connect(way.address()).await.unwrap();
        let (_end, _from) = server.accept().await.unwrap();
        way.sever();
        let closed = before.read(&mut [0]).await;
        assert!(!closed.is_ok_and(|read| read > 0), "nothing but the end");
        let mut after = TcpStream::connect(way.address()).await.unwrap();
        let (mut end, _from) = server.accept().await.unwrap();
        after.write_all(b"on").await.unwrap();
        let mut found = [0; 2];
        end.read_exact(&mut found).await.unwrap();
        assert_eq!(&found, b"on");
    }

    #[tokio::test]
    async fn what_was_held_back_for_one_who_hung_up_never_arrives() {
        let (mut client, mut server, flows) = way().await;
        client.write_all(b"first").await.unwrap();
        let mut found = [0; 5];
        server.read_exact(&mut found).await.unwrap();
        flows.send_replace(false);
        client.write_all(b"late").await.unwrap();
        drop(client);
        // The way closes although nothing flows, and without what was on it.
        let mut rest = Vec::new();
        server.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"");
        drop(flows);
    }
}
