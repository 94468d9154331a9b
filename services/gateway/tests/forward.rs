//! Requests through the gateway's routes to a sidecar on loopback that records what it gets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

#[path = "forward/circuits.rs"]
mod circuits;
#[path = "forward/document.rs"]
mod document;
#[path = "forward/origins.rs"]
mod origins;
#[path = "forward/strangers.rs"]
mod strangers;
#[path = "forward/streams.rs"]
mod streams;
#[path = "forward/wire.rs"]
mod wire;
#[path = "forward/world.rs"]
mod world;

use std::net::SocketAddr;

use axum::{body::Body, extract::Request};
use http::{Method, StatusCode};
use todo_kit::{TraceContext, http::idempotency, testing::recording, trace::SpanKind};
use uuid::Uuid;
use world::{gateway, gateway_of, traced_gateway, world};

#[tokio::test]
async fn a_request_reaches_its_service_with_the_callers_token_and_nothing_claimed() {
    let mut world = world(201, "application/json", r#"{"id":"1"}"#).await;
    let request = world
        .request(Method::POST, "/v1/tasks?dry=1")
        .header("dapr-app-id", "todo-notification")
        .header("x-user-id", "root")
        .header("if-match", "\"v6\"")
        .body(Body::from(r#"{"title":"x"}"#))
        .unwrap();
    let (status, headers, body) = world.send(request).await;
    assert_eq!((status.as_u16(), body.as_str()), (201, r#"{"id":"1"}"#));
    assert_eq!(headers["etag"], "\"v7\"");
    assert_eq!(headers["ratelimit-policy"], "\"default\";q=3;w=60");
    assert!(!headers.contains_key("dapr-internal"));

    let got = world.got.recv().await.unwrap();
    assert_eq!(
        (got.method, got.path.as_str(), got.body.as_str()),
        (Method::POST, "/v1/tasks?dry=1", r#"{"title":"x"}"#)
    );
    assert_eq!(
        got.headers.get_all("dapr-app-id").iter().collect::<Vec<_>>(),
        ["todo-task"]
    );
    assert_eq!(got.headers["dapr-api-token"], "api-token");
    assert_eq!(got.headers["if-match"], "\"v6\"");
    assert!(
        got.headers["authorization"]
            .to_str()
            .unwrap()
            .starts_with("Bearer ey")
    );
    assert!(!got.headers.contains_key("x-user-id"));
}

#[tokio::test]
async fn each_route_goes_to_its_own_service() {
    for (path, app_id) in [
        ("/v1/tasks/7/complete", "todo-task"),
        ("/v1/reminders", "todo-scheduler"),
        ("/v1/notifications/preferences", "todo-notification"),
        ("/v1/analytics/daily", "todo-analytics"),
    ] {
        let mut world = world(200, "application/json", "{}").await;
        let request = world.request(Method::GET, path).body(Body::empty()).unwrap();
        assert_eq!(world.send(request).await.0, StatusCode::OK, "{path}");
        assert_eq!(world.got.recv().await.unwrap().headers["dapr-app-id"], app_id);
    }
}

#[tokio::test]
async fn a_service_that_is_switched_off_has_no_route() {
    let mut world = world(200, "application/json", "{}").await;
    world.gateway = gateway_of(world.port, &["task"]);
    for (path, status) in [
        ("/v1/analytics/daily", StatusCode::NOT_FOUND),
        ("/v1/tasks", StatusCode::OK),
    ] {
        let request = world.request(Method::GET, path).body(Body::empty()).unwrap();
        assert_eq!(world.send(request).await.0, status, "{path}");
    }
    assert_eq!(
        world.got.recv().await.unwrap().headers["dapr-app-id"],
        "todo-task"
    );
}

#[tokio::test]
async fn nothing_reaches_the_sidecar_without_a_token_a_route_or_a_plain_path() {
    let mut world = world(200, "application/json", "{}").await;
    let anonymous = Request::builder().uri("/v1/tasks").body(Body::empty()).unwrap();
    assert_eq!(world.send(anonymous).await.0, StatusCode::UNAUTHORIZED);
    for (path, status) in [
        ("/v1.0/shutdown", StatusCode::NOT_FOUND),
        ("/v1.0/publish/x/y", StatusCode::NOT_FOUND),
        ("/v1/tasks/%2e%2e", StatusCode::BAD_REQUEST),
        ("/v1/tasks/a%2Fb", StatusCode::BAD_REQUEST),
    ] {
        // A gateway each: the limit is three requests.
        world.gateway = gateway(world.port);
        let request = world.request(Method::POST, path).body(Body::empty()).unwrap();
        assert_eq!(world.send(request).await.0, status, "{path}");
    }
    assert!(world.got.try_recv().is_err(), "the sidecar got nothing");
}

#[tokio::test]
async fn the_sidecars_own_failures_become_problems_without_its_text() {
    let invoke = r#"{"errorCode":"ERR_DIRECT_INVOKE","message":"dial tcp 10.1.2.3: refused"}"#;
    for (status, body, expected) in [
        (500, invoke, StatusCode::SERVICE_UNAVAILABLE),
        (500, "panic", StatusCode::BAD_GATEWAY),
        (403, r#"{"errorCode":"ERR_PERMISSION"}"#, StatusCode::BAD_GATEWAY),
    ] {
        let world = world(status, "application/json", body).await;
        let request = world
            .request(Method::GET, "/v1/tasks")
            .body(Body::empty())
            .unwrap();
        let (status, headers, text) = world.send(request).await;
        assert_eq!(status, expected);
        assert_eq!(headers["content-type"], "application/problem+json");
        assert!(!text.contains("10.1.2.3"), "{text}");
    }
}

#[tokio::test]
async fn a_problem_of_the_service_passes_unchanged() {
    let world = world(412, "application/problem+json", r#"{"code":"version_mismatch"}"#).await;
    let request = world
        .request(Method::PATCH, "/v1/tasks/7")
        .body(Body::empty())
        .unwrap();
    let (status, _, body) = world.send(request).await;
    assert_eq!(
        (status.as_u16(), body.as_str()),
        (412, r#"{"code":"version_mismatch"}"#)
    );
}

#[tokio::test]
async fn a_sidecar_that_is_away_is_a_503() {
    let free: SocketAddr = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut world = world(200, "application/json", "{}").await;
    world.gateway = gateway(free.port());
    let request = world
        .request(Method::GET, "/v1/tasks")
        .body(Body::empty())
        .unwrap();
    assert_eq!(world.send(request).await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn the_limit_holds_while_redis_is_away_and_says_when_to_come_again() {
    let world = world(200, "application/json", "{}").await;
    for _ in 0..3 {
        let request = world
            .request(Method::GET, "/v1/tasks")
            .body(Body::empty())
            .unwrap();
        assert_eq!(world.send(request).await.0, StatusCode::OK);
    }
    let request = world
        .request(Method::GET, "/v1/tasks")
        .body(Body::empty())
        .unwrap();
    let (status, headers, body) = world.send(request).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    assert!(body.contains("rate_limited"), "{body}");
}

#[tokio::test]
async fn a_class_of_routes_with_a_policy_has_a_bucket_of_its_own() {
    let world = world(200, "application/json", "{}").await;
    let reports = || {
        let request = world.request(Method::GET, "/v1/analytics/daily");
        world.send(request.body(Body::empty()).unwrap())
    };
    let (status, headers, _) = reports().await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["ratelimit-policy"], "\"analytics\";q=1;w=60");
    let (status, headers, _) = reports().await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        headers["ratelimit"]
            .to_str()
            .unwrap()
            .starts_with("\"analytics\";r=0")
    );
    let tasks = world
        .request(Method::GET, "/v1/tasks")
        .body(Body::empty())
        .unwrap();
    let (status, headers, _) = world.send(tasks).await;
    assert_eq!(status, StatusCode::OK, "other routes are not held back by it");
    assert_eq!(headers["ratelimit-policy"], "\"default\";q=3;w=60");
}

#[tokio::test]
async fn preflights_are_answered_before_anybody_asks_who_calls() {
    let mut world = world(200, "application/json", "{}").await;
    let preflight = |origin: &str| {
        Request::builder()
            .method(Method::OPTIONS)
            .uri("/v1/tasks")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .body(Body::empty())
            .unwrap()
    };
    let (status, headers, _) = world.send(preflight("https://app.example")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["access-control-allow-origin"], "https://app.example");
    assert_eq!(headers["access-control-allow-methods"], "GET");
    assert_eq!(headers["access-control-max-age"], "60");
    assert_eq!(headers["access-control-allow-credentials"], "true");
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("authorization"), "{allowed}");
    let (_, headers, _) = world.send(preflight("https://evil.example")).await;
    assert!(!headers.contains_key("access-control-allow-origin"));
    assert!(world.got.try_recv().is_err());
}

#[tokio::test]
async fn a_body_that_no_service_would_read_is_refused_here() {
    let mut world = world(201, "application/json", "{}").await;
    let large = "x".repeat(1024 * 1024 + 1);
    let declared = Body::from(large.clone());
    let streamed = Body::from_stream(tokio_stream::iter([Ok::<_, std::io::Error>(large)]));
    for (name, body) in [("declared", declared), ("streamed", streamed)] {
        let request = world.request(Method::POST, "/v1/tasks").body(body).unwrap();
        let (status, _, answer) = world.send(request).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{name}");
        assert!(answer.contains("too_large"), "{name}: {answer}");
    }
    let largest = Body::from("x".repeat(1024 * 1024));
    let (status, _, _) = world
        .send(world.request(Method::POST, "/v1/tasks").body(largest).unwrap())
        .await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(world.got.recv().await.unwrap().body.len(), 1024 * 1024);
}

#[tokio::test]
async fn a_write_without_a_key_gets_one_of_its_own() {
    let mut world = world(200, "application/json", "{}").await;
    let mut minted = Vec::new();
    for method in [Method::POST, Method::POST, Method::PATCH] {
        let request = world.request(method, "/v1/tasks").body(Body::empty()).unwrap();
        world.send(request).await;
        let headers = world.got.recv().await.unwrap().headers;
        let key = idempotency::Key::of(&headers).unwrap().unwrap();
        minted.push(key.as_str().parse::<Uuid>().unwrap());
    }
    minted.sort_unstable();
    minted.dedup();
    assert_eq!(minted.len(), 3, "each write has another");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        world.gateway = gateway(world.port);
        let request = world
            .request(method.clone(), "/v1/tasks")
            .body(Body::empty())
            .unwrap();
        world.send(request).await;
        let headers = world.got.recv().await.unwrap().headers;
        assert!(!headers.contains_key("idempotency-key"), "{method}");
    }
}

#[tokio::test]
async fn a_clients_own_key_passes_unchanged() {
    // Even one that no service takes: the service says so.
    for key in ["\"mine\"", "mine", "", "not one"] {
        let mut world = world(200, "application/json", "{}").await;
        let request = world
            .request(Method::POST, "/v1/tasks")
            .header("idempotency-key", key)
            .body(Body::empty())
            .unwrap();
        world.send(request).await;
        let headers = world.got.recv().await.unwrap().headers;
        let got: Vec<_> = headers.get_all("idempotency-key").iter().collect();
        assert_eq!(got, [key]);
    }
}

#[tokio::test]
async fn a_page_may_send_a_key_and_read_that_an_answer_was_given_before() {
    let world = world(200, "application/json", "{}").await;
    let preflight = Request::builder()
        .method(Method::OPTIONS)
        .uri("/v1/tasks")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .body(Body::empty())
        .unwrap();
    let (_, headers, _) = world.send(preflight).await;
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("idempotency-key"), "{allowed}");
    let request = world
        .request(Method::GET, "/v1/tasks")
        .header("origin", "https://app.example")
        .body(Body::empty())
        .unwrap();
    let (_, headers, _) = world.send(request).await;
    let exposed = headers["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("idempotency-replayed"), "{exposed}");
}

#[tokio::test]
async fn a_call_is_a_step_of_the_requests_trace_and_the_services_own_is_a_part_of_it() {
    let mut world = world(200, "application/json", "{}").await;
    let (tracer, spans) = recording();
    world.gateway = traced_gateway(world.port, &["task"], tracer);
    let cause = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let cause = TraceContext::parse(cause).unwrap();
    let request = world.request(Method::GET, "/v1/tasks/7").body(Body::empty());
    let (status, _, _) = cause.scope(world.send(request.unwrap())).await;
    assert_eq!(status, 200);

    let [call] = spans.ended().try_into().unwrap();
    assert_eq!(
        (call.name.as_ref(), call.span_kind),
        ("invoke task", SpanKind::Client)
    );
    assert_eq!(call.parent_span_id.to_string(), "b7ad6b7169203331");
    let told = world.got.recv().await.unwrap().headers["traceparent"].clone();
    let own = call.span_context.span_id();
    assert_eq!(told, format!("00-{}-{own}-01", cause.trace_id()));
}
