//! Services that do not answer: what their callers are told, and what is asked again.

use std::sync::{
    Arc,
    atomic::{AtomicU16, AtomicUsize, Ordering},
};
use std::time::Duration;

use axum::{
    Router,
    body::{Body, Bytes},
    response::Response,
};
use http::{HeaderMap, Method, StatusCode};
use todo_kit::testing::TestIssuer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::world::{Replica, World, world};

/// A sidecar that answers what the test says, and counts who asks.
struct Sidecar {
    port: u16,
    status: Arc<AtomicU16>,
    asked: Arc<AtomicUsize>,
}

impl Sidecar {
    async fn new(content_type: &'static str) -> Self {
        let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::new(AtomicUsize::new(0)));
        let (told, count) = (Arc::clone(&status), Arc::clone(&asked));
        let routes = Router::new().fallback(move || {
            count.fetch_add(1, Ordering::SeqCst);
            let status = told.load(Ordering::SeqCst);
            async move {
                let answer = Response::builder()
                    .status(status)
                    .header("content-type", content_type);
                answer.body(Body::from("{}")).unwrap()
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { port, status, asked }
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// One request by a user of its own, whose limit is never reached.
async fn send(replica: &Replica, method: Method, path: &str) -> (StatusCode, HeaderMap, String) {
    replica.send(request(replica, method, path, Body::empty())).await
}

fn request(replica: &Replica, method: Method, path: &str, body: Body) -> http::Request<Body> {
    let user = replica.next_user();
    let token = TestIssuer::new(1).token(&user);
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"));
    request.body(body).unwrap()
}

/// Stops the clock but for what the test says. It would go on by itself whenever nobody has anything to do, so somebody
/// always has. Redis, which is not there, is waited for before.
async fn stop_the_clock(replica: &Replica) {
    send(replica, Method::GET, "/v1/reminders").await;
    tokio::time::pause();
    tokio::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
}

/// Longer than any request may take.
async fn too_long() {
    tokio::time::advance(Duration::from_secs(11)).await;
}

async fn status(replica: &Replica, path: &str) -> u16 {
    send(replica, Method::GET, path).await.0.as_u16()
}

const PROBLEM: &str = "application/problem+json";

#[tokio::test]
async fn a_service_that_does_not_answer_is_not_asked_and_the_others_are() {
    let sidecar = Sidecar::new(PROBLEM).await;
    let replica = Replica::new(sidecar.port);
    stop_the_clock(&replica).await;
    let before = sidecar.asked();
    sidecar.answers(503);
    for _ in 0..5 {
        assert_eq!(status(&replica, "/v1/tasks").await, 503);
    }
    assert!(replica.shows("todo_circuit_state{target=\"task\"} 2"));
    let (status_then, headers, body) = send(&replica, Method::POST, "/v1/tasks").await;
    assert_eq!((status_then.as_u16(), sidecar.asked() - before), (503, 5));
    assert_eq!(headers["retry-after"], "1");
    assert_eq!(headers["content-type"], PROBLEM);
    assert!(body.contains("\"code\":\"unavailable\""), "{body}");
    assert!(replica.shows("todo_circuit_opened_total{target=\"task\"} 1"));

    sidecar.answers(200);
    assert_eq!(status(&replica, "/v1/reminders").await, 200);
    assert!(replica.shows("todo_circuit_state{target=\"scheduler\"} 0"));
    assert_eq!(status(&replica, "/v1/tasks").await, 503, "it is not time yet");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(status(&replica, "/v1/tasks").await, 200);
    assert!(replica.shows("todo_circuit_state{target=\"task\"} 0"));
}

#[tokio::test]
async fn what_a_service_says_of_a_request_never_closes_the_way_to_it() {
    for code in [400, 404, 409, 412, 422, 429, 500] {
        let sidecar = Sidecar::new(PROBLEM).await;
        let replica = Replica::new(sidecar.port);
        sidecar.answers(code);
        for _ in 0..22 {
            assert_eq!(status(&replica, "/v1/tasks").await, code);
        }
        assert_eq!(sidecar.asked(), 22, "{code}");
    }
}

#[tokio::test]
async fn what_the_sidecar_says_of_a_service_that_is_away_counts() {
    let mut world: World = world(500, "application/json", r#"{"errorCode":"ERR_DIRECT_INVOKE"}"#).await;
    let replica = Replica::new(world.port);
    stop_the_clock(&replica).await;
    world.got.recv().await.unwrap();
    for _ in 0..8 {
        assert_eq!(status(&replica, "/v1/tasks").await, 503);
    }
    let asked = std::iter::from_fn(|| world.got.try_recv().ok()).count();
    assert_eq!(asked, 5);
}

/// A sidecar that closes its first connections after it has read from them, and answers on the others.
async fn closing(times: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 4096];
            if stream.read(&mut head).await.unwrap_or(0) > 0 && count.fetch_add(1, Ordering::SeqCst) >= times
            {
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (port, asked)
}

#[tokio::test]
async fn only_a_read_that_got_no_answer_is_sent_once_more() {
    for (method, closed, expected, asked_then) in [
        (Method::GET, 1, 200, 2),
        (Method::HEAD, 1, 200, 2),
        (Method::GET, 2, 503, 2),
        (Method::POST, 1, 503, 1),
        (Method::PUT, 1, 503, 1),
        (Method::DELETE, 1, 503, 1),
    ] {
        let (port, asked) = closing(closed).await;
        let (status, ..) = send(&Replica::new(port), method.clone(), "/v1/tasks/7").await;
        let found = (status.as_u16(), asked.load(Ordering::SeqCst));
        assert_eq!(found, (expected, asked_then), "{method} after {closed} closed");
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_in_time_is_not_waited_for_again_and_again() {
    let asked = Arc::new(Notify::new());
    let told = Arc::clone(&asked);
    let silent = Router::new()
        .route("/v1/reminders", axum::routing::get(|| async {}))
        .fallback(move || {
            told.notify_one();
            std::future::pending::<()>()
        });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let replica = Replica::new(listener.local_addr().unwrap().port());
    tokio::spawn(async move { axum::serve(listener, silent).await });
    stop_the_clock(&replica).await;
    for method in [Method::GET, Method::POST, Method::GET, Method::PATCH, Method::GET] {
        let answer = send(&replica, method, "/v1/tasks");
        let time = async {
            asked.notified().await;
            too_long().await;
        };
        let ((status, _, body), ()) = tokio::join!(answer, time);
        assert_eq!(status, 504);
        assert!(body.contains("\"code\":\"timeout\""), "{body}");
    }
    assert_eq!(status(&replica, "/v1/tasks").await, 503);
    assert!(replica.shows("todo_circuit_state{target=\"task\"} 2"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_its_senders_fault() {
    let sidecar = Sidecar::new(PROBLEM).await;
    let replica = Replica::new(sidecar.port);
    stop_the_clock(&replica).await;
    for _ in 0..6 {
        let is_asked_for = Arc::new(Notify::new());
        let asks = Arc::clone(&is_asked_for);
        let body = Body::from_stream(futures::stream::poll_fn(move |_| {
            asks.notify_one();
            std::task::Poll::<Option<Result<Bytes, std::io::Error>>>::Pending
        }));
        let answer = replica.send(request(&replica, Method::POST, "/v1/tasks", body));
        let time = async {
            is_asked_for.notified().await;
            too_long().await;
        };
        let ((status, _, body), ()) = tokio::join!(answer, time);
        assert_eq!(status, 408);
        assert!(body.contains("\"code\":\"request_timeout\""), "{body}");
    }
    assert!(replica.shows("todo_circuit_state{target=\"task\"} 0"));
}
