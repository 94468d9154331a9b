//! A gate between a client and the API server that sees every request and can lose one, as a crash does: either before
//! the server got it, or after it was carried out and before the answer came.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{body::Body, extract::State, response::Response};
use http::{Method, Request, StatusCode};
use kube::{Client, Config};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use crate::{Result, operator::artifacts};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is answered.
    Pass,
    /// The server never sees it, and nobody answers.
    LostBefore,
    /// The server carries it out, and nobody answers.
    LostAfter,
    /// It comes too late: what sent it is as good as dead, and only its end is waited for.
    Held,
}

/// A request that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Its verb.
    pub method: Method,
    /// Its path, without the query.
    pub path: String,
}

impl Write {
    /// Whether it is about a status, an Event or a Lease, and not about what a platform is made of.
    pub fn is_about_itself(&self) -> bool {
        self.path.ends_with("/status") || self.path.contains("/events") || self.path.contains("/leases")
    }
}

/// etcd takes no larger object.
const LARGEST_REQUEST: usize = 4 << 20;

type Rule = Box<dyn FnMut(&Write) -> Fate + Send>;

struct Shared {
    client: Client,
    /// None: everything passes.
    rule: Mutex<Option<Rule>>,
    lost: mpsc::UnboundedSender<Write>,
}

/// A running gate; dropping it closes it.
pub struct Gate {
    shared: Arc<Shared>,
    lost: mpsc::UnboundedReceiver<Write>,
    kubeconfig: PathBuf,
    server: JoinHandle<()>,
}

impl Gate {
    /// Opens a gate to the API server of `KUBECONFIG`, on loopback and without TLS.
    pub async fn open(name: &str) -> Result<Self> {
        let mut config = Config::infer().await?;
        // A write that is sent twice by the gate would be a fault of the gate.
        config.default_retry = false;
        let (sender, lost) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            client: Client::try_from(config)?,
            rule: Mutex::new(None),
            lost: sender,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let kubeconfig = artifacts()?.join(format!("{name}.kubeconfig"));
        let server = format!("http://{}", listener.local_addr()?);
        std::fs::write(&kubeconfig, kubeconfig_of(&server).to_string())?;
        let app = axum::Router::new().fallback(forward).with_state(shared.clone());
        let server = tokio::spawn(async move {
            // It ends with the gate; a client that went away is no fault of ours.
            let _ended = axum::serve(listener, app).await;
        });
        Ok(Self {
            shared,
            lost,
            kubeconfig,
            server,
        })
    }

    /// The file that leads through the gate.
    pub fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.clone()
    }

    /// Judges every write from now on.
    pub fn judge(&self, rule: impl FnMut(&Write) -> Fate + Send + 'static) {
        self.set(Some(Box::new(rule)));
    }

    /// Lets everything pass from now on.
    pub fn pass(&self) {
        self.set(None);
    }

    fn set(&self, rule: Option<Rule>) {
        *self.shared.rule.lock().unwrap_or_else(PoisonError::into_inner) = rule;
    }

    /// Waits until a write was lost.
    pub async fn lost(&mut self) -> Result<Write> {
        self.lost.recv().await.ok_or_else(|| "the gate is closed".into())
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn forward(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let write = Write {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
    };
    let fate = if write.method == Method::GET {
        Fate::Pass
    } else {
        let mut rule = shared.rule.lock().unwrap_or_else(PoisonError::into_inner);
        rule.as_mut().map_or(Fate::Pass, |rule| rule(&write))
    };
    match fate {
        Fate::LostBefore => return lose(&shared, write).await,
        Fate::Held => return std::future::pending().await,
        Fate::Pass | Fate::LostAfter => {}
    }
    let (parts, body) = request.into_parts();
    let answer = match axum::body::to_bytes(body, LARGEST_REQUEST).await {
        Ok(bytes) => {
            let request = Request::from_parts(parts, kube::client::Body::from(bytes.to_vec()));
            shared
                .client
                .send(request)
                .await
                .map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    if fate == Fate::LostAfter {
        return lose(&shared, write).await;
    }
    match answer {
        Ok(answer) => answer.map(Body::new),
        Err(error) => {
            let mut response = Response::new(Body::from(error));
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response
        }
    }
}

/// Says that it is lost, and never answers: the client is about to be killed.
async fn lose(shared: &Shared, write: Write) -> Response {
    // Nobody waits for it any more when the scenario has ended.
    let _ended = shared.lost.send(write);
    std::future::pending().await
}

fn kubeconfig_of(server: &str) -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "gate",
        "clusters": [{"name": "gate", "cluster": {"server": server}}],
        "users": [{"name": "gate", "user": {}}],
        "contexts": [{"name": "gate", "context": {"cluster": "gate", "user": "gate"}}],
    })
}
