//! What users see and say.

use std::sync::Arc;

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

use crate::away::Away;
use crate::fixture::Fixture;

const PREFERENCES: &str = "/v1/notifications/preferences";

async fn get(test: &Fixture, user: &str, path: &str) -> (u16, Option<String>, Value) {
    test.send(test.request(user, Method::GET, path).body(Body::empty()).unwrap())
        .await
}

async fn put(test: &Fixture, if_match: Option<&str>, body: &Value) -> (u16, Option<String>, Value) {
    let request = test
        .request("alice", Method::PUT, PREFERENCES)
        .header("content-type", "application/json");
    let request = if_match
        .into_iter()
        .fold(request, |request, tag| request.header("if-match", tag));
    test.send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

#[tokio::test]
async fn preferences_have_a_default_and_are_replaced_by_version() {
    let test = Fixture::new().await;
    let default = json!({"email": null, "enabled": true});
    assert_eq!(
        get(&test, "alice", PREFERENCES).await,
        (200, None, default.clone())
    );

    let off = json!({"email": "own@example.com", "enabled": false});
    let (status, first, body) = put(&test, None, &off).await;
    assert_eq!((status, &body), (200, &off));
    assert_eq!(get(&test, "alice", PREFERENCES).await, (200, first.clone(), off));
    assert_eq!(get(&test, "bob", PREFERENCES).await, (200, None, default.clone()));

    let (status, second, _) = put(&test, first.as_deref(), &json!({"enabled": true})).await;
    assert_eq!(status, 200);
    assert_ne!(first, second);
    let (status, _, problem) = put(&test, first.as_deref(), &json!({"enabled": false})).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (412, Some("version_mismatch"))
    );
    assert_eq!(get(&test, "alice", PREFERENCES).await, (200, second, default));
}

#[tokio::test]
async fn preferences_that_cannot_be_are_refused() {
    let test = Fixture::new().await;
    for (body, pointer) in [
        (json!({"email": "nobody", "enabled": true}), "/email"),
        (json!({"enabled": "yes"}), "/enabled"),
        (json!({"enabled": true, "sms": true}), "/sms"),
    ] {
        let (status, _, problem) = put(&test, None, &body).await;
        assert_eq!(
            (status, problem["errors"][0]["pointer"].as_str()),
            (422, Some(pointer)),
            "{body}"
        );
    }
    assert_eq!(
        put(&test, Some("\"1\""), &json!({"enabled": true})).await.0,
        412,
        "nothing to match"
    );
}

#[tokio::test]
async fn preferences_are_unavailable_while_their_store_is_away() {
    let mut test = Fixture::new().await;
    test.preferences = Arc::new(Away);
    assert_eq!(get(&test, "alice", PREFERENCES).await.0, 503);
    assert_eq!(put(&test, None, &json!({"enabled": true})).await.0, 503);
}

#[tokio::test]
async fn deliveries_are_listed_page_by_page_to_their_owner_alone() {
    let test = Fixture::new().await;
    for event in 0..3 {
        test.plan(event).await;
    }
    let (status, _, first) = get(&test, "alice", "/v1/notifications?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let (_, _, second) = get(
        &test,
        "alice",
        &format!("/v1/notifications?limit=2&cursor={cursor}"),
    )
    .await;
    assert_eq!((status, first["items"].as_array().unwrap().len()), (200, 2));
    assert_eq!(
        (second["items"].as_array().unwrap().len(), &second["next_cursor"]),
        (1, &Value::Null)
    );
    let keys: Vec<_> = first["items"][0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "attempts",
            "channel",
            "created_at",
            "event_type",
            "id",
            "sent_at",
            "state",
            "task_id"
        ]
    );
    let none = json!({"items": [], "next_cursor": null});
    assert_eq!(get(&test, "bob", "/v1/notifications").await, (200, None, none));
    for (query, code) in [
        ("limit=0", "invalid"),
        ("limit=201", "invalid"),
        ("cursor=x", "bad_cursor"),
    ] {
        let (_, _, problem) = get(&test, "alice", &format!("/v1/notifications?{query}")).await;
        assert_eq!(problem["code"].as_str(), Some(code), "{query}");
    }
}
