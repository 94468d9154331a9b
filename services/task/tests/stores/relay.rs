//! From the outbox to the broker.

use std::sync::Arc;

use http::Method;
use serde_json::json;
use todo_kit::RandomIds;
use todo_kit::dapr::FakePublisher;
use todo_kit::outbox::{OutboxMetrics, Relay, Settings, Step};

use super::fixture::Fixture;

#[tokio::test]
async fn the_events_of_a_task_leave_once_each_and_in_order() {
    let fixture = Fixture::new().await;
    let path = fixture.create(json!({"title": "x"})).await;
    fixture.create(json!({"title": "other"})).await;
    fixture
        .send("alice", Method::PATCH, &path, Some(json!({"title": "y"})))
        .await;
    fixture
        .send("alice", Method::POST, &format!("{path}/complete"), None)
        .await;
    fixture.send("alice", Method::DELETE, &path, None).await;

    let publisher = Arc::new(FakePublisher::default());
    let ids = Arc::new(RandomIds);
    let pool = fixture.database.pool.clone();
    let relay = Relay::new(
        pool,
        publisher.clone(),
        ids,
        OutboxMetrics::default(),
        Settings::default(),
    );
    while let Step::Published(_) = relay.step().await.unwrap() {}

    let id = path.rsplit('/').next().unwrap();
    let sent = publisher.published();
    let of_task: Vec<_> = sent
        .iter()
        .filter(|event| event.partition_key == id)
        .map(|event| event.topic.name())
        .collect();
    assert_eq!(
        of_task,
        ["task.created", "task.updated", "task.completed", "task.deleted"]
    );
    assert_eq!(sent.len(), 5);
    let stored: Vec<serde_json::Value> = sqlx::query_scalar("select envelope from outbox order by seq")
        .fetch_all(&fixture.database.pool)
        .await
        .unwrap();
    assert!(
        sent.iter().all(|event| stored.contains(&event.envelope)),
        "what was written is what leaves"
    );
}
