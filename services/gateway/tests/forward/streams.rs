//! Server-sent events on their way through.

use std::{convert::Infallible, time::Duration};

use axum::{Router, body::Body, response::Response};
use futures::StreamExt;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use todo_kit::testing::TestIssuer;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::world::Replica;

/// A sidecar whose one answer is a stream of what the test sends.
struct Sidecar {
    port: u16,
    events: UnboundedSender<&'static str>,
    got: UnboundedReceiver<HeaderMap>,
}

impl Sidecar {
    async fn new() -> Self {
        let (events, pieces) = unbounded_channel::<&str>();
        let (sender, got) = unbounded_channel();
        let pieces = std::sync::Mutex::new(Some(pieces));
        let pieces = std::sync::Arc::new(pieces);
        let routes = Router::new().fallback(move |headers: HeaderMap| {
            sender.send(headers).unwrap();
            let pieces = pieces.lock().unwrap().take().unwrap();
            let pieces = UnboundedReceiverStream::new(pieces).map(Ok::<_, Infallible>);
            let answer = Response::builder().header("content-type", "text/event-stream");
            let answer = answer.body(Body::from_stream(pieces)).unwrap();
            async move { answer }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { port, events, got }
    }
}

fn request() -> Request<Body> {
    let token = TestIssuer::new(1).token("alice");
    let request = Request::get("/v1/tasks")
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "application/json;q=0.1, Text/Event-Stream")
        .header("last-event-id", "41");
    request.body(Body::empty()).unwrap()
}

/// The next piece of an answer; nothing at its end.
async fn next(body: &mut Body) -> Option<String> {
    let frame = body.frame().await?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn each_event_passes_as_it_comes_and_the_client_may_go_on_where_it_was() {
    let mut sidecar = Sidecar::new().await;
    let replica = Replica::new(sidecar.port);
    let response = replica.answer(request()).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let asked = sidecar.got.recv().await.unwrap();
    assert_eq!(
        asked["accept"], "text/event-stream",
        "the only text that daprd takes"
    );
    assert_eq!(asked["last-event-id"], "41");

    let mut body = response.into_body();
    // Each is read before the next one is sent: nothing is held back.
    for event in ["id: 42\ndata: one\n\n", "id: 43\ndata: two\n\n"] {
        sidecar.events.send(event).unwrap();
        assert_eq!(next(&mut body).await.unwrap(), event);
    }
    assert!(replica.shows("todo_event_streams_open 1"));
    drop(body);
    assert!(replica.shows("todo_event_streams_open 0"));
}

#[tokio::test]
async fn a_stream_has_no_deadline_while_something_comes() {
    let sidecar = Sidecar::new().await;
    let replica = Replica::new(sidecar.port);
    let mut body = replica.answer(request()).await.into_body();
    for _ in 0..4 {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(45)).await;
        tokio::time::resume();
        sidecar.events.send(": still here\n\n").unwrap();
        assert_eq!(next(&mut body).await.unwrap(), ": still here\n\n");
    }
}

#[tokio::test]
async fn a_stream_in_which_nothing_comes_breaks_off() {
    let sidecar = Sidecar::new().await;
    let replica = Replica::new(sidecar.port);
    let mut body = replica.answer(request()).await.into_body();
    sidecar.events.send(": here\n\n").unwrap();
    next(&mut body).await.unwrap();
    let mut waiting = std::pin::pin!(body.frame());
    assert!(futures::poll!(&mut waiting).is_pending());
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test]
async fn the_streams_of_a_gateway_that_ends_end_cleanly() {
    let sidecar = Sidecar::new().await;
    let replica = Replica::new(sidecar.port);
    let stop = CancellationToken::new();
    let ending = tokio::spawn(replica.forwarder.clone().end_streams(stop.clone()));
    let mut body = replica.answer(request()).await.into_body();
    sidecar.events.send(": here\n\n").unwrap();
    next(&mut body).await.unwrap();
    stop.cancel();
    ending.await.unwrap();
    assert_eq!(next(&mut body).await, None);
}
