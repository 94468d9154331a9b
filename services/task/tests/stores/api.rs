//! Each operation, as its caller sees it.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fixture::{Fixture, NOW};

#[tokio::test]
async fn a_task_is_made_shown_changed_completed_and_deleted() {
    let fixture = Fixture::new().await;
    let draft = json!({
        "title": "Buy milk", "description": "two litres", "priority": "high", "due_at": "2026-11-22T12:00:00Z",
        "reminders": [{"at": "2026-11-22T11:00:00Z"}],
    });
    let made = fixture
        .send("alice", Method::POST, "/v1/tasks", Some(draft))
        .await;
    assert_eq!((made.status, made.etag.as_deref()), (201, Some("\"v1\"")));
    let path = made.location.clone().unwrap();
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!(path, format!("/v1/tasks/{id}"));
    let reminder = made.body["reminders"][0]["id"].clone();
    let expected = json!({
        "id": id, "title": "Buy milk", "description": "two litres", "status": "open", "priority": "high",
        "due_at": "2026-11-22T12:00:00Z", "reminders": [{"id": reminder, "at": "2026-11-22T11:00:00Z"}],
        "recurrence": null, "start_at": null, "duration_minutes": null, "all_day": false, "time_zone": null, "labels": [],
        "percent": 0, "project_id": null, "parent_id": null, "depends_on": [], "position": made.body["position"],
        "custom_fields": {}, "assignee": null, "owner": "alice", "version": 1, "created_at": NOW, "updated_at": NOW, "completed_at": null,
    });
    assert_eq!(made.body, expected);

    let shown = fixture.send("alice", Method::GET, &path, None).await;
    assert_eq!(
        (shown.status, shown.etag.as_deref(), &shown.body),
        (200, Some("\"v1\""), &expected)
    );

    fixture.clock.advance(SignedDuration::from_secs(60));
    let body = json!({"title": "Buy oat milk", "description": null});
    let changed = fixture.send("alice", Method::PATCH, &path, Some(body)).await;
    assert_eq!((changed.status, changed.etag.as_deref()), (200, Some("\"v2\"")));
    assert_eq!(changed.body["description"], Value::Null);
    assert_eq!(changed.body["updated_at"], "2026-11-21T12:01:00Z");
    assert_eq!(changed.body["reminders"], expected["reminders"]);

    let done = fixture
        .send("alice", Method::POST, &format!("{path}/complete"), None)
        .await;
    assert_eq!((done.status, done.etag.as_deref()), (200, Some("\"v3\"")));
    assert_eq!(
        (&done.body["status"], &done.body["completed_at"]),
        (&json!("done"), &json!("2026-11-21T12:01:00Z"))
    );
    let again = fixture
        .send("alice", Method::POST, &format!("{path}/complete"), None)
        .await;
    assert_eq!(
        (again.status, again.body["code"].as_str()),
        (409, Some("illegal_transition"))
    );

    let deleted = fixture.send("alice", Method::DELETE, &path, None).await;
    assert_eq!((deleted.status, deleted.body), (204, Value::Null));
    assert_eq!(fixture.send("alice", Method::GET, &path, None).await.status, 404);
    assert_eq!(
        fixture.send("alice", Method::DELETE, &path, None).await.status,
        404
    );

    let events = fixture.outbox().await;
    let events: Vec<_> = events
        .iter()
        .map(|(topic, sequence)| (topic.as_str(), sequence.as_str()))
        .collect();
    let expected = [
        ("task.created", "1"),
        ("task.updated", "2"),
        ("task.completed", "3"),
        ("task.deleted", "3"),
    ];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn an_event_carries_the_whole_state_the_address_and_the_trace() {
    let fixture = Fixture::new().await;
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [("traceparent", traceparent)];
    let made = fixture
        .send_with(
            "alice",
            Method::POST,
            "/v1/tasks",
            Some(json!({"title": "x"})),
            &headers,
        )
        .await;
    let path = made.location.unwrap();
    fixture
        .send("alice", Method::PATCH, &path, Some(json!({"priority": "low"})))
        .await;
    let envelopes: Vec<(Value, String)> =
        sqlx::query_as("select envelope, partition_key from outbox order by seq")
            .fetch_all(&fixture.database.pool)
            .await
            .unwrap();
    let (created, partition_key) = &envelopes[0];
    assert_eq!(
        (&created["partitionkey"], &created["data"]["task"]["id"]),
        (&json!(partition_key), &made.body["id"])
    );
    assert_eq!(created["data"]["task"]["owner_email"], "alice@example.com");
    assert!(
        created["traceparent"]
            .as_str()
            .unwrap()
            .starts_with("00-0af7651916cd43dd8448eb211c80319c-")
    );
    assert_eq!(created["traceid"], created["traceparent"]);
    let (updated, _) = &envelopes[1];
    assert_eq!(updated["data"]["changed"], json!(["priority"]));
    assert_eq!(updated["data"]["task"]["title"], "x");
    assert!(
        !made.body.to_string().contains("owner_email"),
        "an answer does not show the address"
    );
}

#[tokio::test]
async fn a_patch_that_changes_nothing_writes_nothing() {
    let fixture = Fixture::new().await;
    let path = fixture.create(json!({"title": "x"})).await;
    let same = fixture
        .send(
            "alice",
            Method::PATCH,
            &path,
            Some(json!({"title": "x", "status": "open"})),
        )
        .await;
    assert_eq!((same.status, same.etag.as_deref()), (200, Some("\"v1\"")));
    assert_eq!(fixture.outbox().await.len(), 1);
}

#[tokio::test]
async fn if_match_guards_every_write() {
    let fixture = Fixture::new().await;
    let path = fixture.create(json!({"title": "x"})).await;
    let stale = [("if-match", "\"v9\"")];
    for (method, path) in [
        (Method::PATCH, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/complete")),
    ] {
        let body = (method == Method::PATCH).then(|| json!({"title": "y"}));
        let refused = fixture
            .send_with("alice", method.clone(), &path, body, &stale)
            .await;
        assert_eq!(
            (refused.status, refused.etag.as_deref()),
            (412, Some("\"v1\"")),
            "{method}"
        );
    }
    assert_eq!(fixture.outbox().await.len(), 1);
    let body = Some(json!({"title": "y"}));
    let written = fixture
        .send_with("alice", Method::PATCH, &path, body, &[("if-match", "\"v1\"")])
        .await;
    assert_eq!((written.status, written.etag.as_deref()), (200, Some("\"v2\"")));
    let known = fixture
        .send_with("alice", Method::GET, &path, None, &[("if-none-match", "\"v2\"")])
        .await;
    assert_eq!((known.status, known.body), (304, Value::Null));
}

#[tokio::test]
async fn bad_input_is_refused_with_its_place_and_writes_nothing() {
    let fixture = Fixture::new().await;
    let path = fixture.create(json!({"title": "x"})).await;
    let table = [
        (Method::POST, "/v1/tasks", json!({}), 422, "/"),
        (Method::POST, "/v1/tasks", json!({"title": " "}), 422, "/title"),
        (
            Method::POST,
            "/v1/tasks",
            json!({"title": "x", "status": "done"}),
            422,
            "/status",
        ),
        (
            Method::POST,
            "/v1/tasks",
            json!({"title": "x", "priority": "huge"}),
            422,
            "/priority",
        ),
        (
            Method::POST,
            "/v1/tasks",
            json!({"title": "x", "reminders": [{"at": NOW}]}),
            422,
            "/reminders/0/at",
        ),
        (Method::PATCH, &path, json!({"title": null}), 422, "/title"),
        (Method::PATCH, &path, json!({"version": 7}), 422, "/version"),
    ];
    for (method, path, body, status, pointer) in table {
        let refused = fixture.send("alice", method, path, Some(body.clone())).await;
        let place = refused.body["errors"][0]["pointer"].as_str().unwrap_or("none");
        let place = if place.is_empty() { "/" } else { place };
        assert_eq!((refused.status, place), (status, pointer), "{body}");
    }
    assert_eq!(fixture.outbox().await.len(), 1);
}

#[tokio::test]
async fn a_list_is_walked_by_cursor_and_stays_right_while_tasks_come_and_go() {
    let fixture = Fixture::new().await;
    let mut paths = Vec::new();
    for number in 1..=7 {
        paths.push(fixture.create(json!({"title": format!("task {number}")})).await);
    }
    let titles = |page: &Value| -> Vec<String> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| task["title"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = fixture
        .send("alice", Method::GET, "/v1/tasks?limit=3", None)
        .await
        .body;
    assert_eq!(titles(&first), ["task 7", "task 6", "task 5"]);
    // One that was seen goes, a new one comes: neither repeats nor skips what is still to be seen.
    fixture.send("alice", Method::DELETE, &paths[5], None).await;
    fixture.create(json!({"title": "task 8"})).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = fixture
        .send(
            "alice",
            Method::GET,
            &format!("/v1/tasks?limit=3&cursor={cursor}"),
            None,
        )
        .await
        .body;
    assert_eq!(titles(&second), ["task 4", "task 3", "task 2"]);
    let cursor = second["next_cursor"].as_str().unwrap();
    let third = fixture
        .send(
            "alice",
            Method::GET,
            &format!("/v1/tasks?limit=3&cursor={cursor}"),
            None,
        )
        .await
        .body;
    assert_eq!(
        (titles(&third), &third["next_cursor"]),
        (vec!["task 1".to_owned()], &Value::Null)
    );

    fixture
        .send("alice", Method::POST, &format!("{}/complete", paths[0]), None)
        .await;
    let done = fixture
        .send("alice", Method::GET, "/v1/tasks?status=done", None)
        .await
        .body;
    assert_eq!(titles(&done), ["task 1"]);
    for bad in [
        "limit=0",
        "limit=201",
        "limit=x",
        "status=gone",
        "cursor=x",
        "colour=red",
    ] {
        assert_eq!(
            fixture
                .send("alice", Method::GET, &format!("/v1/tasks?{bad}"), None)
                .await
                .status,
            400,
            "{bad}"
        );
    }
    let other_list = fixture
        .send(
            "alice",
            Method::GET,
            &format!("/v1/tasks?status=open&cursor={cursor}"),
            None,
        )
        .await;
    assert_eq!(
        (other_list.status, other_list.body["code"].as_str()),
        (400, Some("bad_cursor"))
    );
}
