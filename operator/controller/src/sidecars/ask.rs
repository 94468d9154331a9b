//! One question to one sidecar.

use std::net::SocketAddr;
use std::time::Duration;

use http::Request;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::follow::Answer;
use super::metadata::Metadata;

/// Longest time that a sidecar may take.
const DEADLINE: Duration = Duration::from_secs(2);
/// Longest answer that is read: a hundred times what a sidecar of ours says.
const LONGEST: usize = 1024 * 1024;

/// Why a sidecar said nothing of use. Without ports and addresses: the words must stay the same.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error("it cannot be connected to")]
    Connect(#[source] std::io::Error),
    #[error("the connection broke")]
    Http(#[source] hyper::Error),
    #[error("its answer broke off or was too long")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("it answered with HTTP status {0}")]
    Status(u16),
    #[error("its answer is not what Dapr answers")]
    Parse(#[source] serde_json::Error),
}

/// Asks for the metadata. Always gives an answer, after two seconds at the latest.
pub async fn ask(address: SocketAddr) -> Answer {
    match tokio::time::timeout(DEADLINE, get(address)).await {
        Ok(Ok(metadata)) => Answer::Said(metadata),
        Ok(Err(error)) => {
            tracing::debug!(%address, error.chain = %crate::chain::Chain(&error), "a sidecar did not answer");
            Answer::Silent(error.to_string())
        }
        Err(_elapsed) => Answer::Silent(format!("no answer within {} s", DEADLINE.as_secs())),
    }
}

async fn get(address: SocketAddr) -> Result<Metadata, AskError> {
    let stream = TcpStream::connect(address).await.map_err(AskError::Connect)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(AskError::Http)?;
    let request = Request::get("/v1.0/metadata")
        .header(http::header::HOST, address.to_string())
        .body(Empty::<Bytes>::new())
        .expect("a request of constants and an address is valid");
    let exchange = async {
        let response = sender.send_request(request).await.map_err(AskError::Http)?;
        let status = response.status();
        if !status.is_success() {
            return Err(AskError::Status(status.as_u16()));
        }
        let body = Limited::new(response.into_body(), LONGEST)
            .collect()
            .await
            .map_err(AskError::Body)?;
        Metadata::parse(&body.to_bytes()).map_err(AskError::Parse)
    };
    // The connection does the work and ends with this call.
    tokio::pin!(exchange, connection);
    tokio::select! {
        answered = &mut exchange => answered,
        ended = &mut connection => match ended {
            Err(error) => Err(AskError::Http(error)),
            // The server closed it after the answer, which is read already.
            Ok(()) => exchange.await,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;

    async fn serve(router: Router) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    #[tokio::test]
    async fn a_sidecar_that_answers_is_heard() {
        let router = Router::new().route(
            "/v1.0/metadata",
            get(|| async { r#"{"runtimeVersion": "1.18.2"}"# }),
        );
        let Answer::Said(metadata) = ask(serve(router).await).await else {
            panic!("it answered")
        };
        assert_eq!(metadata.runtime_version, "1.18.2");
    }

    #[tokio::test]
    async fn one_that_does_not_is_silent_for_a_reason() {
        let closed = {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap()
        };
        let broken = serve(Router::new()).await;
        let other = serve(Router::new().route("/v1.0/metadata", get(|| async { "hello" }))).await;
        let endless = "x".repeat(LONGEST + 1);
        let endless = serve(Router::new().route("/v1.0/metadata", get(|| async { endless }))).await;
        for (address, reason) in [
            (closed, "it cannot be connected to"),
            (broken, "it answered with HTTP status 404"),
            (other, "its answer is not what Dapr answers"),
            (endless, "its answer broke off or was too long"),
        ] {
            assert_eq!(ask(address).await, Answer::Silent(reason.to_owned()));
        }
    }
}
