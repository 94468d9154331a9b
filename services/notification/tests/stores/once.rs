//! How often a mail is sent.

use std::sync::Arc;

use serde_json::json;
use todo_domain::Topic;
use todo_kit::dapr::FakePublisher;
use todo_kit::metrics::Metrics;
use todo_kit::outbox::{OutboxMetrics, Relay, Settings, Step};
use todo_notification::attempt::Outcome;
use uuid::Uuid;

use crate::fixture::{Fixture, LONG, OVER, created, ids, reminder};

#[tokio::test]
async fn the_same_event_twice_gives_one_mail() {
    let test = Fixture::new().await;
    let event = created(7, Some("ann@example.com"));
    test.accept("task.created", &event).await;
    test.accept("task.created", &event).await;
    test.deliver().await;
    test.accept("task.created", &event).await;
    test.deliver().await;

    let [mail] = test.mails().try_into().unwrap();
    assert_eq!(
        (mail.to, mail.from.as_str()),
        (vec!["ann@example.com".to_owned()], "todo@example.com")
    );
    assert_eq!(mail.subject, "Task created: Buy milk");
    assert!(
        mail.body.contains("Your task \"Buy milk\" was created."),
        "{}",
        mail.body
    );
    let [delivery] = test.deliveries().await.try_into().unwrap();
    assert_eq!(mail.message_id, format!("{}@example.com", delivery.id));
    assert_eq!((delivery.state.as_str(), delivery.attempts), ("sent", 1));
    assert_eq!(
        (delivery.event_type.as_str(), delivery.channel.as_str()),
        ("com.todo.task.created.v1", "email")
    );
    assert!(delivery.sent_at.is_some());
}

#[tokio::test]
async fn an_event_that_the_inbox_forgot_still_gives_no_second_mail() {
    let test = Fixture::new().await;
    test.plan(7).await;
    test.deliver().await;
    test.execute("delete from inbox").await;
    test.plan(7).await;
    test.deliver().await;
    assert_eq!(test.mails().len(), 1);
}

#[tokio::test]
async fn creation_and_reminder_of_a_task_are_a_mail_each() {
    let test = Fixture::new().await;
    test.plan(7).await;
    test.accept("task.reminder", &reminder(8)).await;
    test.deliver().await;
    let mut subjects: Vec<_> = test.mails().into_iter().map(|mail| mail.subject).collect();
    subjects.sort();
    assert_eq!(subjects, ["Reminder: Buy milk", "Task created: Buy milk"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_compete_send_each_mail_once() {
    let test = Fixture::new().await;
    for event in 0..60 {
        test.plan(event).await;
    }
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let worker = test.worker();
            tokio::spawn(async move { while worker.deliver_due(LONG).await.unwrap() > 0 {} })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let mut ids: Vec<_> = test.mails().into_iter().map(|mail| mail.message_id).collect();
    assert_eq!(ids.len(), 60);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 60);
    assert_eq!(test.outbox().await.len(), 60);
}

/// The one gap that a mail server leaves: at least once, and the second mail can be told by its `Message-ID`.
#[tokio::test]
async fn a_crash_between_sending_and_noting_sends_the_same_mail_again() {
    let test = Fixture::new().await;
    test.plan(7).await;
    let [taken] = test.store.claim(1, OVER).await.unwrap().try_into().unwrap();
    assert_eq!(test.attempt().deliver(&taken).await, Outcome::Sent);
    // Here the first worker dies.
    test.deliver().await;

    let [first, second] = test.mails().try_into().unwrap();
    assert_eq!(first, second);
    assert_eq!(test.outbox().await.len(), 1);
}

#[tokio::test]
async fn what_a_dead_worker_took_is_sent_by_another_and_the_dead_one_cannot_note_it() {
    let test = Fixture::new().await;
    test.plan(7).await;
    let [held] = test.store.claim(1, LONG).await.unwrap().try_into().unwrap();
    test.deliver().await;
    assert_eq!(test.mails(), [], "the lease holds");

    test.execute("update delivery set leased_until = now()").await;
    test.deliver().await;
    assert_eq!(test.mails().len(), 1);
    assert_eq!(test.state().await, ("sent".to_owned(), 2));
    assert!(!test.store.mark_skipped(&held, "late").await.unwrap());
    assert!(!test.store.retry(&held, OVER, "late").await.unwrap());
    assert_eq!(test.state().await, ("sent".to_owned(), 2));
}

#[tokio::test]
async fn a_sent_mail_is_reported_through_the_outbox() {
    let test = Fixture::new().await;
    test.plan(7).await;
    test.deliver().await;
    let broker = Arc::new(FakePublisher::default());
    let metrics = OutboxMetrics::new(&Metrics::new("notification", "test"), &[]);
    let relay = Relay::new(
        test.pool.clone(),
        broker.clone(),
        ids(),
        metrics,
        Settings::default(),
    );
    assert_eq!(relay.step().await.unwrap(), Step::Published(1));

    let [published] = broker.published().try_into().unwrap();
    let [delivery] = test.deliveries().await.try_into().unwrap();
    let task = Uuid::from_u128(1);
    assert_eq!(
        (published.topic, published.partition_key),
        (Topic::NotificationDelivered, task.to_string())
    );
    let mut envelope = published.envelope;
    envelope["id"].take();
    let trace = envelope["traceparent"].clone();
    assert!(
        trace.as_str().unwrap().ends_with("-00"),
        "nothing is kept without a collector"
    );
    let expected = json!({
        "specversion": "1.0", "id": null, "source": "/todo/todo/notification",
        "type": "com.todo.notification.delivered.v1", "subject": format!("task/{task}"),
        "time": "2026-11-21T12:00:00Z", "datacontenttype": "application/json", "sequence": "3",
        "dataschema": "https://todoplatform.dev/events/com.todo.notification.delivered.v1",
        "partitionkey": task, "traceparent": trace, "traceid": trace,
        "data": {
            "delivery_id": delivery.id, "owner": "alice", "task_id": task,
            "event_type": "com.todo.task.created.v1", "channel": "email",
        },
    });
    assert_eq!(envelope, expected);
}
