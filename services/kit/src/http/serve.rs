//! Listening: connections of HTTP/1.1, with an end to the patience for clients that send nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How long anybody may take for the head of a request, counted from the end of the one before it. Longer than the 60 s
/// for which proxies keep a connection that they do not use: they would send into one that is just being closed.
pub const HEAD_PATIENCE: Duration = Duration::from_secs(75);
/// Connections at once at one port; beyond it they wait to be accepted.
const CONNECTIONS_MAX: usize = 10_000;
/// Most bytes that are read of a head; beyond it the answer is a bare 431.
const HEAD_MAX_BYTES: usize = 64 * 1024;
/// Pause after a connection could not be accepted, for want of descriptors perhaps.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Why a listener cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("listener {address}: cannot be bound")]
pub struct ListenError {
    address: SocketAddr,
    source: std::io::Error,
}

/// A bound listener.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| ListenError { address, source })
}

/// Serves `router` until `stop`, then finishes what has begun. Requests carry `ConnectInfo<SocketAddr>`: the peer.
///
/// A client that takes longer than `head_patience` for the head of its next request is cut off; without one, never.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    head_patience: Option<Duration>,
    stop: CancellationToken,
) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let accepting = async {
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let (stream, peer) = accept(&listener).await;
            let connection = connection(stream, peer, router.clone(), head_patience, stop.clone());
            connections.spawn(async move {
                connection.await;
                drop(place);
            });
        }
    };
    stop.run_until_cancelled(accepting).await;
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    head_patience: Option<Duration>,
    stop: CancellationToken,
) {
    // Small answers and single events leave at once. One that cannot be told so is slower, not wrong.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_patience)
        .max_buf_size(HEAD_MAX_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;

    struct Port {
        address: SocketAddr,
        stop: CancellationToken,
        serving: JoinHandle<()>,
    }

    async fn port(router: Router, head_patience: Option<Duration>) -> Port {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let serving = tokio::spawn(serve(listener, router, head_patience, stop.clone()));
        Port {
            address,
            stop,
            serving,
        }
    }

    impl Port {
        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }
    }

    fn peer() -> Router {
        let tell = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
        Router::new().route("/", get(tell))
    }

    /// All that comes until the server closes.
    async fn rest(stream: &mut TcpStream) -> String {
        let mut text = Vec::new();
        // A server that does not wait for what it will not read resets the connection.
        let _ = stream.read_to_end(&mut text).await;
        String::from_utf8(text).unwrap()
    }

    const CLOSE: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn a_request_knows_its_peer() {
        let port = port(peer(), Some(HEAD_PATIENCE)).await;
        let mut stream = port.connect().await;
        stream.write_all(CLOSE).await.unwrap();
        let own = stream.local_addr().unwrap().to_string();
        let answer = rest(&mut stream).await;
        assert!(answer.ends_with(&own), "{answer}");
    }

    #[tokio::test]
    async fn who_never_ends_its_head_is_cut_off() {
        let port = port(peer(), Some(Duration::from_millis(100))).await;
        for begun in [&b""[..], b"GET / HT", b"GET / HTTP/1.1\r\nhost: a\r\nx: "] {
            let mut stream = port.connect().await;
            stream.write_all(begun).await.unwrap();
            let answer = rest(&mut stream).await;
            assert!(!answer.contains("200 OK"), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_sidecar_may_keep_its_connection() {
        let port = port(peer(), None).await;
        let mut stream = port.connect().await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_hours(1)).await;
        tokio::time::resume();
        stream.write_all(CLOSE).await.unwrap();
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
    }

    #[tokio::test]
    async fn a_head_without_measure_is_refused() {
        let port = port(peer(), Some(HEAD_PATIENCE)).await;
        let mut stream = port.connect().await;
        let head = format!(
            "GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
            "x".repeat(2 * HEAD_MAX_BYTES)
        );
        // The server may close before it has read all.
        let _ = stream.write_all(head.as_bytes()).await;
        let answer = rest(&mut stream).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn what_has_begun_is_finished_and_nothing_new_begins() {
        let (begun, go_on) = (CancellationToken::new(), CancellationToken::new());
        let router = Router::new().route("/", {
            let (begun, go_on) = (begun.clone(), go_on.clone());
            get(move || async move {
                begun.cancel();
                go_on.cancelled().await;
                "done"
            })
        });
        let Port {
            address,
            stop,
            serving,
        } = port(router, Some(HEAD_PATIENCE)).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut idle = TcpStream::connect(address).await.unwrap();
        let keep = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        stream.write_all(keep).await.unwrap();
        begun.cancelled().await;
        stop.cancel();
        assert_eq!(rest(&mut idle).await, "", "who has asked nothing is let go");
        go_on.cancel();
        assert!(rest(&mut stream).await.ends_with("done"));
        serving.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
