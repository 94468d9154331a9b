use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use todo_domain::IdSource;
use todo_kit::RandomIds;
use todo_kit::dapr::{Answer, FakePublisher, Message, PublishError, Publisher};
use todo_kit::outbox::{OutboxMetrics, Relay, Settings, Step};
use todo_kit::testing::TestDatabase;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tonic::Status;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("tests/migrations");

/// Fails fast and comes back at once, so that no test has to wait.
const SETTINGS: Settings = Settings {
    batch: 16,
    lease: Duration::from_secs(30),
    poll: Duration::from_millis(10),
    attempts_max: 3,
    backoff: (Duration::ZERO, Duration::ZERO),
};

async fn database() -> TestDatabase {
    TestDatabase::new("task", &MIGRATIONS).await
}

async fn add(database: &TestDatabase, key: &str, number: i64) -> Value {
    let id = RandomIds.next();
    let envelope = json!({"id": id, "number": number});
    sqlx::query(
        "insert into outbox (id, topic, partition_key, envelope) values ($1, 'task.created', $2, $3)",
    )
    .bind(id)
    .bind(key)
    .bind(&envelope)
    .execute(&database.pool)
    .await
    .unwrap();
    envelope
}

fn relay(database: &TestDatabase, publisher: Arc<dyn Publisher>, settings: Settings) -> Relay {
    Relay::new(
        database.pool.clone(),
        publisher,
        Arc::new(RandomIds),
        OutboxMetrics::default(),
        settings,
    )
}

/// Number of rows that are pending, published, parked.
async fn rows(database: &TestDatabase) -> (i64, i64, i64) {
    sqlx::query_as(
        "select count(*) filter (where published_at is null and parked_at is null),
                count(*) filter (where published_at is not null), count(*) filter (where parked_at is not null)
         from outbox",
    )
    .fetch_one(&database.pool)
    .await
    .unwrap()
}

fn numbers(publisher: &FakePublisher) -> Vec<i64> {
    publisher
        .published()
        .iter()
        .map(|event| event.envelope["number"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn each_event_leaves_exactly_once_and_in_order_of_its_key() {
    let (database, publisher) = (database().await, Arc::new(FakePublisher::default()));
    for number in 0..40 {
        add(
            &database,
            ["a", "b"][usize::try_from(number % 2).unwrap()],
            number,
        )
        .await;
    }
    let relay = relay(&database, publisher.clone(), SETTINGS);
    let mut steps = 0;
    while let Step::Published(count) = relay.step().await.unwrap() {
        assert!(count <= 2, "at most one event of each key is on its way");
        steps += 1;
    }
    assert_eq!((steps, rows(&database).await), (20, (0, 40, 0)));
    for (key, parity) in [("a", 0), ("b", 1)] {
        let of_key = publisher
            .published()
            .into_iter()
            .filter(|event| event.partition_key == key);
        let of_key: Vec<_> = of_key
            .map(|event| event.envelope["number"].as_i64().unwrap())
            .collect();
        assert_eq!(
            of_key,
            (0..20).map(|n| 2 * n + parity).collect::<Vec<_>>(),
            "{key}"
        );
    }
}

#[tokio::test]
async fn only_the_holder_of_the_lease_publishes() {
    let (database, publisher) = (database().await, Arc::new(FakePublisher::default()));
    let (first, second) = (
        relay(&database, publisher.clone(), SETTINGS),
        relay(&database, publisher.clone(), SETTINGS),
    );
    assert_eq!(first.step().await.unwrap(), Step::Idle);
    add(&database, "a", 1).await;
    assert_eq!(second.step().await.unwrap(), Step::NotOurs);
    assert_eq!(first.step().await.unwrap(), Step::Published(1));
    assert_eq!(numbers(&publisher), [1]);
}

/// Publishes, then never says so: what a crash between publishing and marking looks like.
#[derive(Default)]
struct CrashesAfterPublishing {
    inner: FakePublisher,
    published: Notify,
}

impl Publisher for CrashesAfterPublishing {
    fn publish(&self, message: Message) -> Answer<'_, (), PublishError> {
        Box::pin(async move {
            self.inner.publish(message).await?;
            self.published.notify_one();
            std::future::pending().await
        })
    }
}

#[tokio::test]
async fn a_crash_between_publishing_and_marking_publishes_the_same_event_again() {
    let database = database().await;
    let event = add(&database, "a", 1).await;
    let crashing = Arc::new(CrashesAfterPublishing::default());
    let doomed = relay(&database, crashing.clone(), SETTINGS);
    let running = tokio::spawn(async move { doomed.step().await });
    crashing.published.notified().await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert_eq!(rows(&database).await, (1, 0, 0));

    expire_lease(&database).await;
    let publisher = Arc::new(FakePublisher::default());
    let successor = relay(&database, publisher.clone(), SETTINGS);
    assert_eq!(successor.step().await.unwrap(), Step::Published(1));
    assert_eq!(crashing.inner.published()[0].envelope, event);
    assert_eq!(publisher.published()[0].envelope, event);
    assert_eq!(rows(&database).await, (0, 1, 0));
}

/// Loses the lease to another relay in the middle of publishing.
struct LosesTheLease {
    database: Arc<TestDatabase>,
    inner: Arc<FakePublisher>,
}

impl Publisher for LosesTheLease {
    fn publish(&self, message: Message) -> Answer<'_, (), PublishError> {
        Box::pin(async move {
            self.inner.publish(message).await?;
            expire_lease(&self.database).await;
            let usurper = relay(&self.database, Arc::new(FakePublisher::default()), SETTINGS);
            // It fails at its first publish, but has the lease from now on.
            usurper.step().await.map(|_| ()).map_err(|_| {
                PublishError::of(
                    todo_domain::Topic::TaskCreated,
                    Status::internal("the usurper failed"),
                )
            })
        })
    }
}

#[tokio::test]
async fn a_relay_that_lost_its_lease_marks_nothing() {
    let database = Arc::new(database().await);
    add(&database, "a", 1).await;
    let publisher = Arc::new(FakePublisher::default());
    let loser = LosesTheLease {
        database: Arc::clone(&database),
        inner: publisher.clone(),
    };
    let step = relay(&database, Arc::new(loser), SETTINGS).step().await.unwrap();
    assert_eq!((step, numbers(&publisher)), (Step::NotOurs, vec![1]));
}

#[tokio::test]
async fn while_the_broker_is_away_no_attempt_counts() {
    let (database, publisher) = (database().await, Arc::new(FakePublisher::default()));
    add(&database, "a", 1).await;
    let relay = relay(&database, publisher.clone(), SETTINGS);
    publisher.fail_with((0..20).map(|_| Status::unavailable("away")));
    for _ in 0..20 {
        assert_eq!(relay.step().await.unwrap(), Step::Failed);
    }
    assert_eq!(relay.step().await.unwrap(), Step::Published(1));
    assert_eq!(rows(&database).await, (0, 1, 0));
}

/// Refuses the events of keys that begin with `poison`, as a broker refuses what is too large: with a plain failure.
#[derive(Default)]
struct RefusesPoison(FakePublisher);

impl Publisher for RefusesPoison {
    fn publish(&self, message: Message) -> Answer<'_, (), PublishError> {
        if message.partition_key.starts_with("poison") {
            let refused = PublishError::of(message.topic, Status::internal("too large"));
            return Box::pin(async move { Err(refused) });
        }
        self.0.publish(message)
    }
}

#[tokio::test]
async fn an_event_that_alone_is_refused_is_parked_and_the_rest_goes_on() {
    let database = database().await;
    add(&database, "poison", 1).await;
    let publisher = Arc::new(RefusesPoison::default());
    let relay = relay(&database, publisher.clone(), SETTINGS);
    for number in 2..5 {
        add(&database, "good", number).await;
        assert_eq!(relay.step().await.unwrap(), Step::Published(1));
    }
    assert_eq!(
        (numbers(&publisher.0), rows(&database).await),
        (vec![2, 3, 4], (0, 3, 1))
    );
    let (attempts, error): (i32, String) =
        sqlx::query_as("select attempts, last_error from outbox where parked_at is not null")
            .fetch_one(&database.pool)
            .await
            .unwrap();
    assert_eq!((attempts, error.contains("too large")), (3, true));
}

#[tokio::test]
async fn a_whole_batch_that_cannot_leave_does_not_hold_up_what_can() {
    let database = database().await;
    for number in 0..40 {
        add(&database, &format!("poison-{number}"), number).await;
    }
    add(&database, "good", 40).await;
    let publisher = Arc::new(RefusesPoison::default());
    let settings = Settings {
        attempts_max: i32::MAX,
        ..SETTINGS
    };
    let relay = relay(&database, publisher.clone(), settings);
    // It looks at 16 of 41 at a time, whichever they are.
    let mut steps = 0;
    while publisher.0.published().is_empty() && steps < 100 {
        relay.step().await.unwrap();
        steps += 1;
    }
    assert_eq!(numbers(&publisher.0), [40]);
}

#[tokio::test]
async fn what_is_left_at_the_end_is_flushed_and_the_lease_given_back() {
    let (database, publisher) = (database().await, Arc::new(FakePublisher::default()));
    for number in 0..3 {
        add(&database, "a", number).await;
    }
    let stop = CancellationToken::new();
    stop.cancel();
    relay(&database, publisher.clone(), SETTINGS).run(stop).await;
    assert_eq!(numbers(&publisher), [0, 1, 2]);
    add(&database, "a", 3).await;
    assert_eq!(
        relay(&database, publisher.clone(), SETTINGS)
            .step()
            .await
            .unwrap(),
        Step::Published(1)
    );
}

#[tokio::test]
async fn a_woken_relay_does_not_wait_for_its_poll() {
    let (database, stop) = (database().await, CancellationToken::new());
    let publisher = Arc::new(CrashesAfterPublishing::default());
    let settings = Settings {
        poll: Duration::from_hours(1),
        ..SETTINGS
    };
    let relay = relay(&database, publisher.clone(), settings);
    let wake = relay.waker();
    let running = tokio::spawn(relay.run(stop));
    add(&database, "a", 1).await;
    wake.notify_one();
    tokio::time::timeout(Duration::from_secs(10), publisher.published.notified())
        .await
        .unwrap();
    running.abort();
}

async fn expire_lease(database: &TestDatabase) {
    sqlx::query("update outbox_lease set expires_at = '-infinity'")
        .execute(&database.pool)
        .await
        .unwrap();
}
