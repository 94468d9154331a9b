//! What the sidecar is answered, and what is counted besides tasks.

use serde_json::json;
use sqlx::Row;
use uuid::Uuid;

use todo_analytics::handlers::consumes;
use todo_kit::testing::events::published;

use crate::fixture::{Fixture, TaskEvent};

const SUCCESS: (u16, &str) = (200, "SUCCESS");
const DROP: (u16, &str) = (200, "DROP");

const CREATED: TaskEvent = TaskEvent {
    topic: "task.created",
    task: 1,
    version: 1,
    completed_on: None,
    on: 1,
};

/// All dead letters with their reasons.
async fn letters(test: &Fixture) -> Vec<(String, Vec<u8>)> {
    let rows = sqlx::query("select reason, body from dead_letter order by reason")
        .fetch_all(&test.database.pool)
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn as_words(answer: &(u16, String)) -> (u16, &str) {
    (answer.0, &answer.1)
}

fn happened(topic: &str, id: u128, data: &serde_json::Value) -> String {
    json!({
        "specversion": "1.0", "id": Uuid::from_u128(id), "source": "/todo/todo/other",
        "type": format!("com.todo.{topic}.v1"), "subject": "task/x", "time": "2026-11-02T08:00:00Z",
        "datacontenttype": "application/json", "sequence": "1", "partitionkey": "x", "data": data,
    })
    .to_string()
}

#[tokio::test]
async fn every_shape_that_was_ever_published_is_read() {
    let test = Fixture::new().await;
    for topic in consumes() {
        for event in published(topic) {
            let answer = test.post(topic.name(), event.to_string()).await;
            assert_eq!(as_words(&answer), SUCCESS, "{event}");
        }
    }
    assert!(letters(&test).await.is_empty());
}

#[tokio::test]
async fn reminders_and_notifications_are_counted_once_each() {
    let test = Fixture::new().await;
    let reminder = happened(
        "task.reminder",
        1,
        &json!({"owner": "alice", "at": "2026-11-01T23:59:59Z"}),
    );
    let delivered = happened(
        "notification.delivered",
        2,
        &json!({"owner": "alice", "channel": "email"}),
    );
    let failed = happened(
        "notification.failed",
        3,
        &json!({"owner": "alice", "reason": "refused"}),
    );
    for _ in 0..2 {
        assert_eq!(
            as_words(&test.post("task.reminder", reminder.clone()).await),
            SUCCESS
        );
        assert_eq!(
            as_words(&test.post("notification.delivered", delivered.clone()).await),
            SUCCESS
        );
        assert_eq!(
            as_words(&test.post("notification.failed", failed.clone()).await),
            SUCCESS
        );
    }
    let days = serde_json::to_value(test.all("alice").await).unwrap();
    let expected = json!([
        {"day": "2026-11-01", "created": 0, "completed": 0, "deleted": 0, "reminders": 1,
         "notifications_delivered": 0, "notifications_failed": 0},
        {"day": "2026-11-02", "created": 0, "completed": 0, "deleted": 0, "reminders": 0,
         "notifications_delivered": 1, "notifications_failed": 1},
    ]);
    assert_eq!(days, expected);
}

#[tokio::test]
async fn what_is_not_understood_is_kept_once_and_dropped() {
    let test = Fixture::new().await;
    let later = CREATED.json().replace("created.v1", "created.v2");
    for _ in 0..2 {
        assert_eq!(as_words(&test.post("task.created", later.clone()).await), DROP);
        assert_eq!(
            as_words(&test.post("task.reminder", "no json".to_owned()).await),
            DROP
        );
        // The sidecar brings what was dropped again, as a dead letter.
        assert_eq!(test.post("dead-letter", later.clone()).await.1, "SUCCESS");
    }
    let expected = [
        ("unknown_type".to_owned(), later.into_bytes()),
        ("unreadable".to_owned(), b"no json".to_vec()),
    ];
    assert_eq!(letters(&test).await, expected);
    assert_eq!(test.days("alice").await, [""; 0]);
}

#[tokio::test]
async fn an_event_that_was_given_up_is_kept_once() {
    let test = Fixture::new().await;
    let letter = CREATED.json();
    for _ in 0..2 {
        let answer = test.post("dead-letter", letter.clone()).await;
        assert_eq!(as_words(&answer), (200, "SUCCESS"));
    }
    let expected = [("retries_exhausted".to_owned(), letter.into_bytes())];
    assert_eq!(letters(&test).await, expected);
    assert_eq!(test.days("alice").await, [""; 0]);
}

#[tokio::test]
async fn without_a_database_an_event_is_to_be_tried_again() {
    let test = Fixture::new().await;
    test.database.pool.close().await;
    for topic in ["task.created", "dead-letter"] {
        let answer = test.post(topic, CREATED.json()).await;
        assert_eq!(as_words(&answer), (503, "unavailable"), "{topic}");
    }
    let unreadable = test.post("task.created", "no json".to_owned()).await;
    assert_eq!(as_words(&unreadable), (200, "RETRY"));
}

#[tokio::test]
async fn what_has_served_its_time_is_forgotten_and_nothing_else() {
    let test = Fixture::new().await;
    for statement in [
        "insert into inbox (consumer, source, id, received_at)
         select 'x', 'x', gen_random_uuid(), now() - days * interval '1 day' from unnest(array[13, 15]) as days",
        "insert into dead_letter (hash, reason, body, received_at)
         select sha256(days::text::bytea), 'x', '', now() - days * interval '1 day' from unnest(array[29, 31]) as days",
    ] {
        sqlx::query(statement).execute(&test.database.pool).await.unwrap();
    }
    assert_eq!(test.store.forget_old().await.unwrap(), 2);
    assert_eq!(test.store.forget_old().await.unwrap(), 0);
}
