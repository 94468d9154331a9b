//! What users see.

use serde_json::json;

use crate::fixture::{Fixture, TaskEvent};

#[tokio::test]
async fn each_user_sees_the_own_days_in_order() {
    let test = Fixture::new().await;
    for (topic, version, completed_on, on) in
        [("task.created", 1, None, 1), ("task.completed", 2, Some(3), 3)]
    {
        test.accept(&TaskEvent {
            topic,
            task: 1,
            version,
            completed_on,
            on,
        })
        .await;
    }
    let day = |day, created, completed| {
        json!({
            "day": day, "created": created, "completed": completed, "deleted": 0, "reminders": 0,
            "notifications_delivered": 0, "notifications_failed": 0,
        })
    };
    let all = json!({"items": [day("2026-11-01", 1, 0), day("2026-11-03", 0, 1)]});
    let path = "/v1/analytics/daily";
    assert_eq!(test.get("alice", path).await, (200, all));
    let last = json!({"items": [day("2026-11-03", 0, 1)]});
    assert_eq!(
        test.get("alice", &format!("{path}?from=2026-11-02&to=2026-11-30"))
            .await,
        (200, last)
    );
    assert_eq!(test.get("bob", path).await, (200, json!({"items": []})));
}

#[tokio::test]
async fn a_range_that_cannot_be_is_refused() {
    let test = Fixture::new().await;
    for (query, status, code) in [
        ("from=yesterday", 400, "bad_request"),
        ("since=2026-11-01", 400, "bad_request"),
        ("from=2026-11-02&to=2026-11-01", 422, "invalid"),
        ("from=2020-01-01&to=2026-11-01", 422, "invalid"),
    ] {
        let (answered, problem) = test.get("alice", &format!("/v1/analytics/daily?{query}")).await;
        assert_eq!(
            (answered, problem["code"].as_str()),
            (status, Some(code)),
            "{query}"
        );
    }
}
