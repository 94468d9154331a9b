//! Whatever the order and the repetitions, the counts come out the same.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::fixture::{Fixture, TaskEvent};

fn event(task: u128, topic: &'static str, version: i64, completed_on: Option<u8>, on: u8) -> TaskEvent {
    TaskEvent {
        topic,
        task,
        version,
        completed_on,
        on,
    }
}

/// Four tasks: one done, one reopened and done again, one done and deleted, one deleted and brought back.
fn history() -> Vec<TaskEvent> {
    vec![
        event(1, "task.created", 1, None, 1),
        event(1, "task.updated", 2, None, 2),
        event(1, "task.completed", 3, Some(3), 3),
        event(2, "task.created", 1, None, 1),
        event(2, "task.completed", 2, Some(2), 2),
        event(2, "task.updated", 3, None, 3),
        event(2, "task.completed", 4, Some(4), 4),
        event(3, "task.created", 1, None, 1),
        event(3, "task.completed", 2, Some(3), 3),
        event(3, "task.deleted", 2, Some(3), 5),
        event(4, "task.created", 1, None, 1),
        event(4, "task.deleted", 1, None, 6),
        event(4, "task.updated", 2, None, 7),
    ]
}

const EXPECTED: [&str; 4] = [
    "2026-11-01: 4 0 0",
    "2026-11-03: 0 2 0",
    "2026-11-04: 0 1 0",
    "2026-11-05: 0 0 1",
];

#[tokio::test]
async fn a_history_in_order_is_counted_by_day() {
    let test = Fixture::new().await;
    for event in history() {
        test.accept(&event).await;
    }
    assert_eq!(test.days("alice").await, EXPECTED);
    assert_eq!(test.days("bob").await, [""; 0]);
}

#[tokio::test]
async fn each_occurrence_of_a_recurring_task_counts_once_whatever_the_order() {
    let test = Fixture::new().await;
    let completed = |version, on| {
        let event = event(1, "task.completed", version, None, on).json();
        let mut event: serde_json::Value = serde_json::from_str(&event).unwrap();
        let at = event["time"].clone();
        event["data"]["occurrence"] = serde_json::json!({"due_at": at, "completed_at": at});
        event.to_string()
    };
    for body in [completed(3, 3), completed(2, 2), completed(3, 3), completed(2, 2)] {
        let answer = test.post("task.completed", body).await;
        assert_eq!(answer, (200, "SUCCESS".to_owned()));
    }
    test.accept(&event(1, "task.created", 1, None, 1)).await;
    let expected = ["2026-11-01: 1 0 0", "2026-11-02: 0 1 0", "2026-11-03: 0 1 0"];
    assert_eq!(test.days("alice").await, expected);
}

#[test]
fn any_order_with_any_duplicates_comes_to_the_same_counts() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let twice: Vec<_> = history().into_iter().chain(history()).collect();
    let mut runner = TestRunner::new(Config {
        cases: 20,
        failure_persistence: None,
        ..Config::default()
    });
    let checked = runner.run(&Just(twice).prop_shuffle(), |events| {
        runtime.block_on(async {
            let test = Fixture::new().await;
            for event in &events {
                test.accept(event).await;
            }
            prop_assert_eq!(test.days("alice").await, EXPECTED);
            Ok(())
        })
    });
    checked.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_arrive_at_the_same_time_come_to_the_same_counts() {
    let test = std::sync::Arc::new(Fixture::new().await);
    let posts: Vec<_> = history()
        .into_iter()
        .chain(history())
        .map(|event| {
            let test = std::sync::Arc::clone(&test);
            tokio::spawn(async move { test.accept(&event).await })
        })
        .collect();
    for post in posts {
        post.await.unwrap();
    }
    assert_eq!(test.days("alice").await, EXPECTED);
}
