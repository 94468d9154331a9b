//! From due to published, with a broker from memory.

use std::sync::Arc;

use todo_domain::{EventOrigin, Topic};
use todo_kit::dapr::{Answer, FakePublisher, Message, PublishError, Publisher};
use todo_kit::metrics::Metrics;
use todo_kit::testing::events::fits_its_schema;
use todo_kit::testing::{recording, tracer};
use todo_kit::trace::Tracer;
use todo_scheduler::fire::Fire;
use todo_scheduler::metrics::ReminderMetrics;
use todo_scheduler::poller::Poller;
use tokio::sync::Notify;

use crate::fixture::{Fixture, LONG, OVER};

fn poller(test: &Fixture, publisher: Arc<dyn Publisher>, metrics: &Metrics) -> Poller {
    traced_poller(test, publisher, metrics, tracer())
}

fn traced_poller(test: &Fixture, publisher: Arc<dyn Publisher>, metrics: &Metrics, tracer: Tracer) -> Poller {
    Poller {
        store: test.store.clone(),
        publisher,
        origin: EventOrigin::new("todo", "scheduler"),
        tracer,
        metrics: ReminderMetrics::new(metrics),
    }
}

/// Dies, as it were, after the broker took the event and before the poller hears of it.
#[derive(Default)]
struct DiesAfterPublish {
    broker: FakePublisher,
    published: Notify,
}

impl Publisher for DiesAfterPublish {
    fn publish(&self, message: Message) -> Answer<'_, (), PublishError> {
        Box::pin(async move {
            self.broker.publish(message).await?;
            self.published.notify_one();
            std::future::pending().await
        })
    }
}

#[tokio::test]
async fn a_due_reminder_is_published_once_as_the_contract_says() {
    let test = Fixture::new().await;
    let broker = Arc::new(FakePublisher::default());
    let metrics = Metrics::new("scheduler", "test");
    let poller = poller(&test, broker.clone(), &metrics);
    let fire = test.fire(1, 2, -3);
    test.set(1, 1, &[fire.clone(), test.fire(1, 3, 3600)]).await;

    assert_eq!(poller.fire_due(LONG).await.unwrap(), 1);
    assert_eq!(poller.fire_due(LONG).await.unwrap(), 0);
    let [published] = broker.published().try_into().unwrap();
    assert_eq!(published.topic, Topic::TaskReminder);
    assert_eq!(published.partition_key, fire.task_id.to_string());
    let late = published.envelope["data"]["late_seconds"].as_i64().unwrap();
    assert!((3..10).contains(&late), "{late}");
    let trace = published.envelope["traceparent"].clone();
    assert!(
        trace.as_str().unwrap().ends_with("-00"),
        "nothing is kept without a collector"
    );
    let expected = serde_json::json!({
        "specversion": "1.0", "id": fire.id(), "source": "/todo/todo/scheduler", "type": "com.todo.task.reminder.v1",
        "subject": format!("task/{}", fire.task_id), "time": fire.at, "datacontenttype": "application/json",
        "dataschema": "https://todoplatform.dev/events/com.todo.task.reminder.v1",
        "sequence": "1", "partitionkey": fire.task_id, "traceparent": trace, "traceid": trace,
        "data": {
            "task_id": fire.task_id, "owner": "alice", "owner_email": null, "title": "Buy milk",
            "reminder_id": fire.reminder_id, "at": fire.at, "late_seconds": late,
        },
    });
    assert_eq!(published.envelope, expected);
    fits_its_schema("task.reminder", &published.envelope);
    let exposed = metrics.encode().unwrap();
    assert!(exposed.contains("todo_reminders_fired_total 1"), "{exposed}");
    assert!(
        exposed.contains("todo_reminder_lateness_seconds_count 1"),
        "{exposed}"
    );
}

#[tokio::test]
async fn a_scheduler_that_dies_between_publish_and_acknowledgement_has_the_same_event_published_again() {
    let test = Fixture::new().await;
    test.set(1, 1, &[test.fire(1, 1, -1)]).await;

    let dying = Arc::new(DiesAfterPublish::default());
    let first = poller(&test, dying.clone(), &Metrics::new("scheduler", "test"));
    tokio::select! {
        _ = first.fire_due(OVER) => panic!("it should have died"),
        () = dying.published.notified() => drop(first),
    }
    let broker = Arc::new(FakePublisher::default());
    let second = poller(&test, broker.clone(), &Metrics::new("scheduler", "test"));
    assert_eq!(second.fire_due(LONG).await.unwrap(), 1);

    let (before, after) = (dying.broker.published(), broker.published());
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_eq!(before[0].envelope["id"], after[0].envelope["id"]);
    assert_eq!(test.pending().await, []);
}

#[tokio::test]
async fn a_reminder_that_the_broker_did_not_take_stays_pending() {
    let test = Fixture::new().await;
    let broker = Arc::new(FakePublisher::default());
    broker.fail_with([tonic::Status::unavailable("no broker")]);
    let metrics = Metrics::new("scheduler", "test");
    let poller = poller(&test, broker.clone(), &metrics);
    let fire = test.fire(1, 1, -1);
    test.set(1, 1, std::slice::from_ref(&fire)).await;

    assert_eq!(poller.fire_due(LONG).await.unwrap(), 1);
    assert_eq!(broker.published(), []);
    assert_eq!(test.pending().await, [fire]);
    assert!(metrics.encode().unwrap().contains("todo_reminders_fired_total 0"));
}

#[tokio::test]
async fn a_reminder_is_fired_in_a_trace_of_its_own_that_links_to_who_set_it() {
    let test = Fixture::new().await;
    let broker = Arc::new(FakePublisher::default());
    let (tracer, spans) = recording();
    let metrics = Metrics::new("scheduler", "test");
    let poller = traced_poller(&test, broker.clone(), &metrics, tracer);
    let fire = Fire {
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        ..test.fire(1, 1, -1)
    };
    test.set(1, 1, &[fire]).await;
    assert_eq!(poller.fire_due(LONG).await.unwrap(), 1);

    let fired = spans.named("fire reminder");
    let own = &fired.span_context;
    assert_ne!(own.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    let cause = &fired.links[0].span_context;
    assert_eq!(cause.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(cause.span_id().to_string(), "b7ad6b7169203331");
    let told = format!("00-{}-{}-01", own.trace_id(), own.span_id());
    assert_eq!(broker.published()[0].envelope["traceparent"], told);
}

#[tokio::test]
async fn how_far_behind_we_are_counts_from_the_reminders_own_time() {
    let test = Fixture::new().await;
    let lag = async || test.store.due_lag_seconds().await.unwrap();
    test.set(1, 1, &[test.fire(1, 1, 3600)]).await;
    assert!(lag().await < f64::EPSILON, "nothing is due");

    test.set(2, 1, &[test.fire(2, 1, -90), test.fire(2, 2, -30)])
        .await;
    let is_behind = |lag: f64| (90.0..120.0).contains(&lag);
    assert!(is_behind(lag().await));
    let claims = test.claim(LONG).await;
    assert!(
        is_behind(lag().await),
        "what somebody is publishing is not published"
    );
    for claim in &claims {
        test.store.postpone(claim, OVER).await.unwrap();
    }
    assert!(is_behind(lag().await), "what is put off is late all the same");
    for claim in &test.claim(LONG).await {
        test.store.ack(claim).await.unwrap();
    }
    assert!(lag().await < f64::EPSILON, "nothing waits any more");
}
