//! Bytes on a connection, as well-behaved clients would not send them, through the whole of the public port.

use std::sync::Arc;

use todo_domain::FixedClock;
use todo_kit::{
    health::Health,
    http::{AppLayers, app, serve},
    metrics::Metrics,
    testing::{TestIssuer, tracer},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::world::{Replica, World, world};

/// The public port of a gateway before that sidecar.
async fn port(world: &World) -> std::net::SocketAddr {
    let clock = Arc::new(FixedClock::new(jiff::Timestamp::UNIX_EPOCH));
    let layers = AppLayers {
        metrics: Metrics::new("gateway", "test"),
        health: Health::default(),
        tracer: tracer(),
        verifier: TestIssuer::new(1).verifier(clock.clone()),
        clock,
        consumes: Vec::new(),
        app_token: None,
    };
    let routes = app(Replica::new(world.port).router, layers);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, routes, None, CancellationToken::new()));
    address
}

/// All that comes back for these bytes until the gateway closes.
async fn exchange(world: &World, bytes: &str) -> String {
    let mut stream = TcpStream::connect(port(world).await).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that does not wait for what it will not read resets the connection.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn statuses(answer: &str) -> Vec<&str> {
    let heads = answer.match_indices("HTTP/1.1 ");
    heads.map(|(at, _)| &answer[at + 9..at + 12]).collect()
}

fn head(line: &str, headers: &str) -> String {
    let token = TestIssuer::new(1).token("alice");
    format!("{line} HTTP/1.1\r\nhost: todo.example\r\nauthorization: Bearer {token}\r\n{headers}\r\n")
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_answered_once_and_reaches_nobody() {
    let long = "x".repeat(13_000);
    let (path, query, header) = (
        format!("GET /v1/tasks/{}", &long[10_000..]),
        format!("GET /v1/tasks?q={long}"),
        format!("x: {long}\r\n"),
    );
    let websocket = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n";
    let table = [
        ("GET /v1/tasks", "host: evil\r\n", "400", "bad_request"),
        ("GET /v1/tasks/a%2Fb", "", "400", "bad_request"),
        ("GET /v1/tasks/a%5Cb", "", "400", "bad_request"),
        ("GET /v1/tasks/%2e%2e", "", "400", "bad_request"),
        ("GET /v1/tasks/..", "", "400", "bad_request"),
        ("GET /v1/tasks/../../v1.0/shutdown", "", "404", "not_found"),
        ("GET /v1//tasks", "", "404", "not_found"),
        (&path, "", "400", "bad_request"),
        (&query, "", "431", "headers_too_large"),
        ("GET /v1/tasks", &header, "431", "headers_too_large"),
        ("BREW /v1/tasks", "", "405", "method_not_allowed"),
        ("GET /v1/tasks", websocket, "400", "upgrade_not_supported"),
        (
            "POST /v1/tasks",
            "content-length: 1048577\r\n",
            "413",
            "too_large",
        ),
    ];
    for (line, headers, status, code) in table {
        let mut world = world(200, "application/json", "{}").await;
        let answer = exchange(&world, &head(line, &format!("{headers}connection: close\r\n"))).await;
        assert_eq!(statuses(&answer), [status], "{line:.40}: {answer}");
        for part in [
            "content-type: application/problem+json",
            "x-content-type-options: nosniff",
            &format!("\"code\":\"{code}\""),
        ] {
            assert!(answer.contains(part), "{line:.40} without {part}: {answer}");
        }
        assert!(world.got.try_recv().is_err(), "{line:.40}: the sidecar got it");
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused_before_anything_looks_at_it() {
    for (name, bytes) in [
        (
            "lengths that differ",
            head("POST /v1/tasks", "content-length: 2\r\ncontent-length: 3\r\n"),
        ),
        (
            "a length that is none",
            head("POST /v1/tasks", "content-length: +2\r\n"),
        ),
        (
            "a coding that is not chunked",
            head("POST /v1/tasks", "transfer-encoding: gzip\r\n"),
        ),
        ("a space before a colon", head("GET /v1/tasks", "host : a\r\n")),
        ("a folded header", head("GET /v1/tasks", "x: a\r\n b\r\n")),
    ] {
        let mut world = world(200, "application/json", "{}").await;
        let answer = exchange(&world, &bytes).await;
        assert_eq!(statuses(&answer), ["400"], "{name}: {answer}");
        assert!(world.got.try_recv().is_err(), "{name}: the sidecar got it");
    }
}

#[tokio::test]
async fn a_request_cannot_be_hidden_in_the_body_of_another() {
    let hidden = head("DELETE /v1/tasks/7", "");
    let mut world = world(200, "application/json", "{}").await;
    let length = 5 + hidden.len();
    let outer = head(
        "POST /v1/tasks",
        &format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
    );
    let answer = exchange(&world, &format!("{outer}0\r\n\r\n{hidden}")).await;
    assert_eq!(
        statuses(&answer),
        ["200"],
        "and the connection is closed: {answer}"
    );
    let got = world.got.recv().await.unwrap();
    assert_eq!((got.method.as_str(), got.body.as_str()), ("POST", ""));
    assert!(world.got.try_recv().is_err(), "only one request was there");
}

#[tokio::test]
async fn a_length_that_is_said_twice_is_one() {
    let mut world = world(200, "application/json", "{}").await;
    let bytes = head(
        "POST /v1/tasks",
        "content-length: 2\r\ncontent-length: 2\r\nconnection: close\r\n",
    );
    let answer = exchange(&world, &format!("{bytes}{{}}")).await;
    assert_eq!(statuses(&answer), ["200"], "{answer}");
    let got = world.got.recv().await.unwrap();
    assert_eq!(got.headers.get_all("content-length").iter().count(), 1);
    assert_eq!(got.body, "{}");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let world = world(200, "application/json", "{}").await;
    let bytes = head(
        "POST /v1/tasks",
        "transfer-encoding: chunked\r\nconnection: close\r\n",
    );
    let answer = exchange(&world, &format!("{bytes}2\r\n{{}}\r\nnonsense\r\n")).await;
    assert_eq!(statuses(&answer), ["400"], "{answer}");
    assert!(answer.contains("\"code\":\"bad_request\""), "{answer}");
}
