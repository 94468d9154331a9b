//! The further fields of a task, from request to row, answer and event.

use http::Method;
use serde_json::{Value, json};
use todo_domain::Position;
use uuid::Uuid;

use super::fixture::{Fixture, NOW};

fn full() -> Value {
    json!({
        "title": "x", "due_at": "2026-12-24T00:00:00Z", "start_at": "2026-12-20T08:00:00Z", "duration_minutes": 90,
        "all_day": true, "time_zone": "Europe/Berlin", "labels": ["home", "errand"], "percent": 30,
        "custom_fields": {"size": "M", "tags": [1, 2.5, null, {"deep": true}]}, "assignee": "alice",
    })
}

#[tokio::test]
async fn every_field_is_kept_shown_and_told() {
    let fixture = Fixture::new().await;
    let made = fixture
        .send("alice", Method::POST, "/v1/tasks", Some(full()))
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    for (name, value) in full().as_object().unwrap() {
        assert_eq!(&made.body[name], value, "{name}");
    }
    let path = made.location.unwrap();
    let shown = fixture.send("alice", Method::GET, &path, None).await;
    assert_eq!(shown.body, made.body);
    let merge = json!({"percent": 60, "labels": null, "custom_fields": {"size": null, "mood": "good"}});
    let patched = fixture.send("alice", Method::PATCH, &path, Some(merge)).await;
    let mut expected = made.body.clone();
    expected["percent"] = 60.into();
    expected["labels"] = json!([]);
    expected["custom_fields"] = json!({"tags": [1, 2.5, null, {"deep": true}], "mood": "good"});
    expected["version"] = 2.into();
    assert_eq!(patched.body, expected);
    assert_eq!(
        fixture.send("alice", Method::GET, &path, None).await.body,
        expected
    );
    let data: Value = sqlx::query_scalar("select envelope -> 'data' from outbox order by seq desc limit 1")
        .fetch_one(&fixture.database.pool)
        .await
        .unwrap();
    assert_eq!(data["changed"], json!(["labels", "percent", "custom_fields"]));
    expected["owner_email"] = "alice@example.com".into();
    assert_eq!(data["task"], expected);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_with_its_place() {
    let fixture = Fixture::new().await;
    let id = fixture.task(json!({"title": "x"})).await;
    let table = [
        (json!({"percent": 101}), "/percent", "out_of_range"),
        (json!({"percent": 256}), "/percent", "wrong_shape"),
        (json!({"labels": ["a", 5]}), "/labels/1", "wrong_shape"),
        (json!({"custom_fields": []}), "/custom_fields", "wrong_shape"),
        (
            json!({"custom_fields": {"a": {"b": "\u{0}"}}}),
            "/custom_fields/a/b",
            "control_character",
        ),
        (json!({"time_zone": "Mars/Base"}), "/time_zone", "unknown"),
        (json!({"assignee": "bob"}), "/assignee", "unknown"),
        (json!({"mood": "good"}), "/mood", "wrong_shape"),
        (json!({"owner": "bob"}), "/owner", "wrong_shape"),
    ];
    for (body, pointer, code) in table {
        assert_eq!(
            fixture.patch(&id, body.clone()).await.refusal(),
            (422, pointer, code),
            "{body}"
        );
        let mut draft = body;
        draft["title"] = "x".into();
        let made = fixture
            .send("alice", Method::POST, "/v1/tasks", Some(draft))
            .await;
        assert_eq!(made.refusal(), (422, pointer, code), "a draft");
    }
    assert_eq!(fixture.outbox().await.len(), 1);
}

/// As it does while the service is rolled out.
#[tokio::test]
async fn the_release_before_goes_on_writing() {
    let fixture = Fixture::new().await;
    for number in [1, 2] {
        sqlx::query(
            "insert into task (id, owner, title, status, priority, version, created_at, updated_at)
             values ($1, 'alice', 'x', 'open', 'none', 1, now(), now())",
        )
        .bind(Uuid::from_u128(number))
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    }
    let list = fixture
        .send("alice", Method::GET, "/v1/tasks?sort=position", None)
        .await
        .body;
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list}");
    let id = Uuid::from_u128(1).to_string();
    assert_eq!(fixture.patch(&id, json!({"percent": 10})).await.status, 200);
}

#[tokio::test]
async fn the_migration_places_tasks_as_the_service_does() {
    let fixture = Fixture::new().await;
    let id = Uuid::from_u128(0x0190_0000_0000_7abc_8def_0123_4567_8900);
    let placed: String =
        sqlx::query_scalar("select position_at($1::timestamptz, right(replace($2::text, '-', ''), 20))")
            .bind(NOW)
            .bind(id.to_string())
            .fetch_one(&fixture.database.pool)
            .await
            .unwrap();
    assert_eq!(placed, Position::at_end(NOW.parse().unwrap(), id).as_str());
}
