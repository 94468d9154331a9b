//! What the sidecar is answered, and what users see.

use sqlx::Row;

use todo_kit::testing::events::published;
use todo_notification::handlers::CONSUMES;

use crate::fixture::{Fixture, created};

/// All dead letters with their reasons.
async fn letters(test: &Fixture) -> Vec<(String, Vec<u8>)> {
    let rows = sqlx::query("select reason, body from dead_letter order by reason")
        .fetch_all(&test.pool)
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn every_shape_that_was_ever_published_is_read() {
    let test = Fixture::new().await;
    for topic in CONSUMES {
        for event in published(topic) {
            test.accept(topic.name(), &event).await;
        }
    }
    assert!(letters(&test).await.is_empty());
}

#[tokio::test]
async fn what_is_not_understood_is_kept_once_and_dropped() {
    let test = Fixture::new().await;
    let later = created(7, None).to_string().replace("created.v1", "created.v2");
    let dropped = (200, "DROP".to_owned());
    for _ in 0..2 {
        assert_eq!(test.post("task.created", later.clone()).await, dropped);
        assert_eq!(test.post("task.reminder", "no json".to_owned()).await, dropped);
        // The sidecar brings what was dropped again, as a dead letter.
        assert_eq!(test.post("dead-letter", later.clone()).await.1, "SUCCESS");
    }
    let expected = [
        ("unknown_type".to_owned(), later.into_bytes()),
        ("unreadable".to_owned(), b"no json".to_vec()),
    ];
    assert_eq!(letters(&test).await, expected);
    assert!(test.deliveries().await.is_empty());
}

#[tokio::test]
async fn an_event_that_was_given_up_is_kept_once() {
    let test = Fixture::new().await;
    let letter = created(7, None).to_string();
    for _ in 0..2 {
        let answer = test.post("dead-letter", letter.clone()).await;
        assert_eq!(answer, (200, "SUCCESS".to_owned()));
    }
    let expected = [("retries_exhausted".to_owned(), letter.into_bytes())];
    assert_eq!(letters(&test).await, expected);
    assert!(test.deliveries().await.is_empty());
}

#[tokio::test]
async fn without_a_database_an_event_is_to_be_tried_again() {
    let test = Fixture::new().await;
    test.pool.close().await;
    for topic in ["task.created", "dead-letter"] {
        let answer = test.post(topic, created(7, None).to_string()).await;
        assert_eq!(answer, (503, "unavailable".to_owned()), "{topic}");
    }
    let unreadable = test.post("task.created", "no json".to_owned()).await;
    assert_eq!(unreadable, (200, "RETRY".to_owned()));
}

#[tokio::test]
async fn pages_hold_each_delivery_once_newest_first_while_others_are_added() {
    let test = Fixture::new().await;
    for event in 0..5 {
        test.plan(event).await;
    }
    // Two at the same instant, so that the id decides.
    test.execute("update delivery set created_at = date_trunc('hour', created_at)")
        .await;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = test.store.list("alice", 2, after).await.unwrap();
        seen.extend(page.items.iter().map(|item| item.id));
        test.plan(100 + seen.len() as u128).await;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a > b));
    assert!(test.store.list("bob", 10, None).await.unwrap().items.is_empty());
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
        sqlx::query(statement).execute(&test.pool).await.unwrap();
    }
    assert_eq!(test.store.forget_old().await.unwrap(), 2);
    assert_eq!(test.store.forget_old().await.unwrap(), 0);
}
