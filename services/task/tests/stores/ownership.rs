//! Nobody sees or touches another's tasks, or learns that they exist.

use http::Method;
use serde_json::json;

use super::fixture::Fixture;

#[tokio::test]
async fn another_users_task_does_not_exist() {
    let fixture = Fixture::new().await;
    let path = fixture.create(json!({"title": "secret"})).await;
    let missing = "/v1/tasks/01900000-0000-7000-8000-00000000ffff".to_owned();
    for path in [path.clone(), missing] {
        for (method, suffix, body) in [
            (Method::GET, "", None),
            (Method::PATCH, "", Some(json!({"title": "mine"}))),
            (Method::DELETE, "", None),
            (Method::POST, "/complete", None),
            (Method::POST, "/move", Some(json!({"after": null}))),
        ] {
            let answer = fixture
                .send("mallory", method.clone(), &format!("{path}{suffix}"), body)
                .await;
            assert_eq!(
                (answer.status, answer.body["code"].as_str()),
                (404, Some("not_found")),
                "{method} {path}"
            );
            assert_eq!(answer.etag, None, "{method} {path}");
        }
    }
    let list = fixture.send("mallory", Method::GET, "/v1/tasks", None).await.body;
    assert_eq!(list, json!({"items": [], "next_cursor": null}));
    assert_eq!(
        fixture
            .send("alice", Method::GET, &path, None)
            .await
            .etag
            .as_deref(),
        Some("\"v1\"")
    );
    assert_eq!(fixture.outbox().await.len(), 1);
}

#[tokio::test]
async fn without_a_valid_token_nothing_is_answered() {
    let fixture = Fixture::new().await;
    // Beside the good token: two are as bad as none.
    let headers = [("authorization", "Bearer nonsense")];
    let answer = fixture
        .send_with("alice", Method::GET, "/v1/tasks", None, &headers)
        .await;
    assert_eq!(
        (answer.status, answer.body["code"].as_str()),
        (401, Some("unauthorized"))
    );
}
