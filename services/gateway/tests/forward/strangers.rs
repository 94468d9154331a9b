//! Requests that are nobody's: counted by where they come from. Redis is away, so the limit of three is this replica's.

use std::net::SocketAddr;

use axum::{body::Body, extract::ConnectInfo, extract::Request};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use todo_gateway::limit::OnError;
use todo_kit::testing::{TestIssuer, tracer};

use crate::world::{Replica, World, world};

/// A request with this token from this peer, by a proxy that says whom it stands for.
fn sent(token: Option<&str>, forwarded_for: &str) -> Request {
    let peer: SocketAddr = "10.0.0.1:4711".parse().unwrap();
    let request = Request::get("/v1/tasks")
        .extension(ConnectInfo(peer))
        .header("x-forwarded-for", forwarded_for);
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    request.body(Body::empty()).unwrap()
}

async fn status(world: &World, token: Option<&str>, forwarded_for: &str) -> StatusCode {
    world.send(sent(token, forwarded_for)).await.0
}

fn is_told(headers: &HeaderMap, policy: &str) {
    assert_eq!(headers["ratelimit-policy"], policy);
    let state = headers["ratelimit"].to_str().unwrap();
    assert!(state.starts_with("\"unauthenticated\";r=0;t="), "{state}");
}

#[tokio::test]
async fn strangers_are_limited_by_their_address_and_told_so() {
    let mut world = world(200, "application/json", "{}").await;
    for _ in 0..2 {
        assert_eq!(status(&world, None, "198.51.100.7").await, 401);
    }
    let (third, headers, _) = world.send(sent(Some("nonsense"), "198.51.100.7")).await;
    assert_eq!(third, 401, "a token that is none is as none");
    is_told(&headers, "\"unauthenticated\";q=3;w=60");
    let (fourth, headers, body) = world.send(sent(None, "198.51.100.7")).await;
    assert_eq!(fourth, 429);
    is_told(&headers, "\"unauthenticated\";q=3;w=60");
    let seconds: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    assert!(body.contains("\"code\":\"rate_limited\""), "{body}");
    assert!(!headers.contains_key("www-authenticate"));

    assert_eq!(status(&world, None, "198.51.100.8").await, 401, "another address");
    assert!(world.got.try_recv().is_err(), "the sidecar got nothing");
    let token = world.issuer.token("alice");
    assert_eq!(
        status(&world, Some(&token), "198.51.100.7").await,
        200,
        "a good token passes wherever it comes from"
    );
}

#[tokio::test]
async fn a_client_cannot_choose_the_address_that_it_is_counted_by() {
    let world = world(200, "application/json", "{}").await;
    for n in 0..3 {
        let claimed = format!("192.0.2.{n}, 198.51.100.7");
        assert_eq!(status(&world, None, &claimed).await, 401);
    }
    assert_eq!(status(&world, None, "192.0.2.9, 198.51.100.7").await, 429);
}

#[tokio::test]
async fn an_ipv6_network_is_one_address() {
    let world = world(200, "application/json", "{}").await;
    for n in 1..=3 {
        assert_eq!(status(&world, None, &format!("2001:db8:1:2::{n}")).await, 401);
    }
    assert_eq!(status(&world, None, "2001:db8:1:2:ffff::1").await, 429);
    assert_eq!(status(&world, None, "2001:db8:1:3::1").await, 401);
}

#[tokio::test]
async fn a_page_with_an_old_token_is_counted_by_itself() {
    let world = world(200, "application/json", "{}").await;
    let mut claims = TestIssuer::claims("alice");
    claims["exp"] = json!(1);
    let header = json!({"alg": "EdDSA", "kid": "key-1"});
    let expired = world.issuer.sign(&header, &claims);
    for _ in 0..3 {
        assert_eq!(status(&world, Some(&expired), "198.51.100.7").await, 401);
    }
    assert_eq!(status(&world, Some(&expired), "198.51.100.7").await, 429);
    assert_eq!(
        status(&world, Some(&expired), "198.51.100.8").await,
        429,
        "anywhere"
    );
    assert_eq!(status(&world, None, "198.51.100.7").await, 401, "its neighbours");
}

#[tokio::test]
async fn a_closed_door_says_so_to_strangers_only() {
    let mut world = world(200, "application/json", "{}").await;
    world.gateway = Replica::of(world.port, &["task"], tracer(), OnError::Closed).router;
    let (status_of_stranger, headers, body) = world.send(sent(None, "198.51.100.7")).await;
    assert_eq!(status_of_stranger, 503);
    assert_eq!(headers["retry-after"], "1");
    assert!(body.contains("\"code\":\"unavailable\""), "{body}");
    let token = world.issuer.token("alice");
    assert_eq!(status(&world, Some(&token), "198.51.100.7").await, 200);
}
