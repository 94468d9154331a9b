//! Reads go to the replica while it answers, and to the database itself while it does not.

use std::time::Duration;

use todo_analytics::MIGRATIONS;
use todo_analytics::store::{Replica, Store};
use todo_kit::Secret;
use todo_kit::metrics::Metrics;
use todo_kit::postgres::{Address, connect_replica};
use todo_kit::testing::TestDatabase;

use crate::fixture::{Fixture, TaskEvent};

const PATIENCE: Duration = Duration::from_secs(1);

fn replica(url: &Secret, metrics: &Metrics) -> Replica {
    let address = Address::url(url, None).expect("a PostgreSQL URL");
    Replica::new(connect_replica(&address, "analytics", PATIENCE), metrics)
}

async fn created_on_the_first() -> Fixture {
    let test = Fixture::new().await;
    test.accept(&TaskEvent {
        topic: "task.created",
        task: 1,
        version: 1,
        completed_on: None,
        on: 1,
    })
    .await;
    test
}

async fn days(store: &Store) -> usize {
    let (from, to) = ("2026-01-01".parse(), "2026-12-31".parse());
    let days = store.daily("alice", from.expect("a day"), to.expect("a day"));
    days.await.expect("the counts").len()
}

fn is_up(metrics: &Metrics) -> bool {
    let text = metrics.encode().expect("the metrics");
    assert!(text.contains("todo_database_replica_up "), "{text}");
    text.contains("todo_database_replica_up 1")
}

/// Another database stands for a replica that has not followed yet: it has the tables and none of the rows.
#[tokio::test]
async fn a_replica_that_answers_is_read_and_cannot_be_written() {
    let test = created_on_the_first().await;
    let behind = TestDatabase::new("analytics", &MIGRATIONS).await;
    let metrics = Metrics::new("analytics", "test");
    let store = test
        .store
        .clone()
        .reading_from(Some(replica(&behind.url, &metrics)));
    assert_eq!((days(&store).await, is_up(&metrics)), (0, true));
    assert_eq!(days(&test.store).await, 1, "the database itself has the day");

    let address = Address::url(&behind.url, None).expect("a PostgreSQL URL");
    let write = sqlx::query("delete from daily_user")
        .execute(&connect_replica(&address, "analytics", PATIENCE))
        .await;
    assert!(write.expect_err("a refusal").to_string().contains("read-only"));
}

#[tokio::test]
async fn a_replica_that_is_away_or_lacks_the_tables_is_read_past() {
    let test = created_on_the_first().await;
    let server = std::env::var("TODO_TEST_POSTGRES_URL").expect("TODO_TEST_POSTGRES_URL names a PostgreSQL");
    for url in ["postgres://reader:x@127.0.0.1:1/todo".to_owned(), server] {
        let metrics = Metrics::new("analytics", "test");
        let store = test
            .store
            .clone()
            .reading_from(Some(replica(&Secret::new(url), &metrics)));
        assert_eq!((days(&store).await, is_up(&metrics)), (1, false));
        assert_eq!(days(&store).await, 1, "and the next read does not wait for it");
    }
}
