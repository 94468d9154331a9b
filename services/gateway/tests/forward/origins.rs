//! Pages of other origins: what a browser lets them read.

use axum::{body::Body, extract::Request};
use http::{HeaderMap, Method, StatusCode};

use crate::world::{World, world};

async fn asked(world: &World, origin: &str, token: Option<&str>) -> (StatusCode, HeaderMap) {
    let mut request = Request::get("/v1/tasks").header("origin", origin);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let (status, headers, _) = world.send(request.body(Body::empty()).unwrap()).await;
    (status, headers)
}

#[tokio::test]
async fn only_an_origin_that_is_named_exactly_may_read() {
    let world = world(200, "application/json", "{}").await;
    for (origin, is_named) in [
        ("https://app.example", true),
        ("http://app.example", false),
        ("https://app.example:8443", false),
        ("https://app.example.evil.example", false),
        ("https://evil-app.example", false),
        ("https://APP.example", false),
        ("null", false),
    ] {
        let (_, headers) = asked(&world, origin, None).await;
        let allowed = headers.get("access-control-allow-origin");
        let expected = is_named.then_some(origin.as_bytes());
        assert_eq!(allowed.map(http::HeaderValue::as_bytes), expected, "{origin}");
        let varies = headers["vary"].to_str().unwrap();
        assert!(
            varies.contains("origin"),
            "no cache mixes up two origins: {varies}"
        );
    }
}

#[tokio::test]
async fn a_page_may_read_why_it_was_refused() {
    let world = world(200, "application/json", "{}").await;
    let token = world.issuer.token("alice");
    let mut statuses = Vec::new();
    for token in [None, Some(&*token), Some(&token), Some(&token), Some(&token)] {
        let (status, headers) = asked(&world, "https://app.example", token).await;
        assert_eq!(headers["access-control-allow-origin"], "https://app.example");
        statuses.push(status.as_u16());
    }
    assert_eq!(statuses, [401, 200, 200, 200, 429]);
}

#[tokio::test]
async fn a_preflight_costs_nobody_anything() {
    let mut world = world(200, "application/json", "{}").await;
    for _ in 0..10 {
        let preflight = Request::builder()
            .method(Method::OPTIONS)
            .uri("/v1/tasks")
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST");
        let (status, headers, _) = world.send(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!headers.contains_key("ratelimit"));
    }
    assert!(world.got.try_recv().is_err());
}
