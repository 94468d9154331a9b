//! What the sidecar is answered.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use todo_domain::FixedClock;
use todo_kit::metrics::Metrics;
use todo_kit::testing::events::published;
use todo_kit::testing::{TestIssuer, test_app};
use todo_scheduler::handlers::{App, CONSUMES, routes};
use todo_scheduler::metrics::ReminderMetrics;
use todo_scheduler::store::Store;
use tower::ServiceExt;

use crate::fixture::{Fixture, LONG, task_id};

/// An event of task 1 with one reminder an hour ahead.
fn event(test: &Fixture, topic: &str, version: i64, status: &str) -> Value {
    let at = test.fire(1, 1, 3600).at;
    json!({
        "specversion": "1.0", "id": "01900000-0000-7000-8000-000000000002", "source": "/todo/todo/task",
        "type": format!("com.todo.{topic}.v1"), "subject": format!("task/{}", task_id(1)), "time": test.now,
        "datacontenttype": "application/json", "sequence": version.to_string(), "partitionkey": task_id(1),
        "traceparent": "", "traceid": "", "topic": topic, "pubsubname": "todo-scheduler-events",
        "data": {
            "task": {
                "id": task_id(1), "title": "Buy milk", "description": null, "status": status, "priority": "none",
                "due_at": null, "reminders": [{"id": "00000000-0000-0000-0000-000000000001", "at": at}],
                "owner": "alice", "version": version, "created_at": test.now, "updated_at": test.now,
                "completed_at": null, "owner_email": null,
            },
            "changed": [],
        },
    })
}

#[tokio::test]
async fn every_shape_that_was_ever_published_is_read() {
    let mut test = Fixture::new().await;
    for topic in CONSUMES {
        for event in published(topic) {
            let (status, answer) = post(&test.store, topic.name(), event.to_string()).await;
            assert_eq!(
                (status, answer["status"].as_str()),
                (200, Some("SUCCESS")),
                "{event}"
            );
        }
    }
    assert!(letters(&mut test).await.is_empty());
}

fn app(store: &Store) -> Router {
    let metrics = Metrics::new("scheduler", "test");
    let app = App {
        store: store.clone(),
        metrics: ReminderMetrics::new(&metrics),
    };
    routes(app, &metrics)
}

/// All dead letters, the newest first.
async fn letters(test: &mut Fixture) -> Vec<Value> {
    let key = format!("todo-scheduler:{{{}.todo}}:dead", test.namespace);
    let letters: Vec<String> = redis::cmd("LRANGE")
        .arg(key)
        .arg(0)
        .arg(-1)
        .query_async(&mut test.redis)
        .await
        .unwrap();
    letters
        .iter()
        .map(|letter| serde_json::from_str(letter).unwrap())
        .collect()
}

/// A Redis that does not answer: nothing listens on its port.
fn away() -> Store {
    let client = redis::Client::open("redis://127.0.0.1:1").unwrap();
    let config = redis::aio::ConnectionManagerConfig::new().set_number_of_retries(0);
    let redis = redis::aio::ConnectionManager::new_lazy_with_config(client, config).unwrap();
    Store::new(redis, "none", "todo")
}

async fn post(store: &Store, topic: &str, body: String) -> (u16, Value) {
    let app = app(store);
    let request = Request::post(format!("/events/{topic}"))
        .body(Body::from(body))
        .unwrap();
    let answer = app.oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn task_events_set_and_drop_reminders_and_duplicates_are_acknowledged() {
    let test = Fixture::new().await;
    let success = (200, json!({"status": "SUCCESS"}));
    let steps = [
        ("task.created", 1, "open", 1),
        ("task.created", 1, "open", 1),
        ("task.completed", 2, "done", 0),
        ("task.updated", 3, "open", 1),
        ("task.updated", 4, "cancelled", 0),
        ("task.updated", 5, "waiting", 1),
        ("task.deleted", 5, "waiting", 0),
        ("task.updated", 5, "waiting", 0),
    ];
    for (topic, version, status, pending) in steps {
        let body = event(&test, topic, version, status).to_string();
        assert_eq!(post(&test.store, topic, body).await, success, "{topic} {version}");
        assert_eq!(test.pending().await.len(), pending, "{topic} {version}");
    }
    assert_eq!(test.claim(LONG).await, []);
}

#[tokio::test]
async fn users_see_their_own_pending_reminders() {
    let test = Fixture::new().await;
    let fire = test.fire(1, 1, 3600);
    test.set(1, 1, std::slice::from_ref(&fire)).await;
    let issuer = TestIssuer::new(1);
    let app = test_app(app(&test.store), &issuer, Arc::new(FixedClock::new(test.now)));
    for (user, items) in [
        (
            "alice",
            json!([{"task_id": fire.task_id, "reminder_id": fire.reminder_id, "at": fire.at}]),
        ),
        ("bob", json!([])),
    ] {
        let token = format!("Bearer {}", issuer.token(user));
        let request = Request::get("/v1/reminders")
            .header("authorization", token)
            .body(Body::empty())
            .unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(
            serde_json::from_slice::<Value>(&body).unwrap(),
            json!({"items": items})
        );
    }
}

#[tokio::test]
async fn what_is_not_understood_is_kept_once_and_dropped() {
    let mut test = Fixture::new().await;
    let mut later = event(&test, "task.created", 1, "open");
    later["type"] = "com.todo.task.created.v2".into();
    let later = later.to_string();
    for body in [&later, "no json"] {
        // The sidecar brings what was dropped again, as a dead letter.
        for (topic, word) in [("task.created", "DROP"), ("dead-letter", "SUCCESS")] {
            let answer = post(&test.store, topic, body.to_owned()).await;
            assert_eq!(answer, (200, json!({"status": word})), "{topic} {body}");
        }
    }
    let expected = [
        json!({"reason": "unreadable", "event": "no json", "topic": "unknown"}),
        json!({"reason": "unknown_type", "event": later, "topic": "unknown"}),
    ];
    assert_eq!(letters(&mut test).await, expected);
    assert_eq!(test.pending().await, []);
}

#[tokio::test]
async fn an_event_that_was_given_up_is_kept_once() {
    let mut test = Fixture::new().await;
    let letter = event(&test, "task.created", 1, "open").to_string();
    for _ in 0..2 {
        assert_eq!(
            post(&test.store, "dead-letter", letter.clone()).await,
            (200, json!({"status": "SUCCESS"}))
        );
    }
    assert_eq!(
        letters(&mut test).await,
        [json!({"reason": "retries_exhausted", "event": letter, "topic": "task.created"})]
    );
    let kept = [("task.created".to_owned(), 1)];
    assert_eq!(test.store.dead_letters().await.unwrap(), kept);
    assert_eq!(test.pending().await, []);
}

#[tokio::test]
async fn without_redis_an_event_is_to_be_tried_again() {
    let test = Fixture::new().await;
    let event = event(&test, "task.created", 1, "open").to_string();
    for topic in ["task.created", "dead-letter"] {
        let (status, problem) = post(&away(), topic, event.clone()).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (503, Some("unavailable")),
            "{topic}"
        );
    }
    let unreadable = post(&away(), "task.created", "no json".to_owned()).await;
    assert_eq!(unreadable, (200, json!({"status": "RETRY"})));
}
