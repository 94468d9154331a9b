//! Requests that come again under the same key.

use std::time::Duration;

use futures::future::join_all;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};
use todo_kit::postgres;
use todo_task::Store;

use super::fixture::{Answer, Fixture};

impl Fixture {
    /// One request of alice's under `key`.
    async fn keyed(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.send_with("alice", method, path, body, &[("idempotency-key", key)])
            .await
    }

    async fn stored_answers(&self) -> i64 {
        sqlx::query_scalar("select count(*) from idempotency")
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }

    /// A request of alice's under `key` that has begun elsewhere and is not at its end.
    async fn twin_under_way(&self, key: &str) -> Transaction<'static, Postgres> {
        let mut transaction = postgres::begin(&self.database.pool).await.unwrap();
        sqlx::query(
            "insert into idempotency (owner, key, fingerprint, status) values ('alice', $1, sha256(''), 201)",
        )
        .bind(key)
        .execute(&mut *transaction)
        .await
        .unwrap();
        transaction
    }
}

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or_default())
}

fn titled(title: &str) -> Value {
    json!({"title": title})
}

fn assert_replays(again: &Answer, first: &Answer) {
    assert!(again.replayed && !first.replayed, "{again:?} after {first:?}");
    let parts = |answer: &Answer| {
        (
            answer.status,
            answer.etag.clone(),
            answer.location.clone(),
            answer.content_type.clone(),
            answer.text.clone(),
        )
    };
    assert_eq!(parts(again), parts(first));
}

#[tokio::test]
async fn each_write_is_done_once_and_answered_as_often_as_it_is_sent() {
    let fixture = Fixture::new().await;
    let reminder = json!({"at": "2026-11-21T12:00:30Z"});
    let draft = Some(json!({"title": "x", "reminders": [reminder]}));
    let made = fixture.keyed("1", Method::POST, "/v1/tasks", draft.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = made.location.clone().unwrap();
    let complete = format!("{path}/complete");
    let writes = [
        (Method::PATCH, &path, Some(titled("y")), 200),
        (Method::POST, &complete, None, 200),
        (Method::DELETE, &path, None, 204),
    ];
    let mut firsts = Vec::new();
    for (number, (method, path, body, status)) in writes.iter().enumerate() {
        // The version that the first try demands is gone when the second comes.
        let (key, version) = (format!("\"write {number}\"").replace(' ', "-"), number + 1);
        let demand = format!("\"v{version}\"");
        let headers = [("idempotency-key", key.as_str()), ("if-match", demand.as_str())];
        let send = || fixture.send_with("alice", method.clone(), path, body.clone(), &headers);
        let first = send().await;
        assert_eq!((first.status, first.replayed), (*status, false), "{first:?}");
        assert_replays(&send().await, &first);
        firsts.push((method.clone(), path.as_str(), body.clone(), key, first));
    }
    // Long after, with the task gone and the reminder past, each is still answered as it was.
    fixture.clock.advance(SignedDuration::from_hours(1));
    for (method, path, body, key, first) in firsts {
        assert_replays(&fixture.keyed(&key, method, path, body).await, &first);
    }
    assert_replays(&fixture.keyed("1", Method::POST, "/v1/tasks", draft).await, &made);
    let events = fixture.outbox().await;
    let topics: Vec<_> = events.iter().map(|(topic, _)| topic.as_str()).collect();
    assert_eq!(
        topics,
        ["task.created", "task.updated", "task.completed", "task.deleted"]
    );
    let list = fixture.send("alice", Method::GET, "/v1/tasks", None).await.body;
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn a_change_that_changed_nothing_does_not_change_anything_later() {
    let fixture = Fixture::new().await;
    let path = fixture.create(json!({"title": "x"})).await;
    let first = fixture.keyed("k", Method::PATCH, &path, Some(titled("x"))).await;
    assert_eq!((first.status, first.etag.as_deref()), (200, Some("\"v1\"")));
    fixture
        .send("alice", Method::PATCH, &path, Some(titled("y")))
        .await;
    assert_replays(
        &fixture.keyed("k", Method::PATCH, &path, Some(titled("x"))).await,
        &first,
    );
    let task = fixture.send("alice", Method::GET, &path, None).await.body;
    assert_eq!(
        (&task["title"], fixture.outbox().await.len()),
        (&json!("y"), 2),
        "the later title stays"
    );
}

#[tokio::test]
async fn without_a_key_nothing_is_stored_and_nothing_replayed() {
    let fixture = Fixture::new().await;
    let path = fixture.create(json!({"title": "x"})).await;
    for status in [200, 409] {
        let answer = fixture
            .send("alice", Method::POST, &format!("{path}/complete"), None)
            .await;
        assert_eq!((answer.status, answer.replayed), (status, false));
    }
    assert_eq!(fixture.stored_answers().await, 0);
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let fixture = Fixture::new().await;
    let first = fixture
        .keyed("k", Method::POST, "/v1/tasks", Some(titled("x")))
        .await;
    let path = first.location.clone().unwrap();
    let complete = format!("{path}/complete");
    let table = [
        (Method::POST, "/v1/tasks", Some(titled("y"))),
        (Method::POST, "/v1/tasks", Some(titled(" "))),
        (Method::POST, "/v1/tasks?a=b", Some(titled("x"))),
        (Method::PATCH, &path, Some(titled("y"))),
        (Method::PATCH, &path, Some(titled("x"))),
        (Method::POST, &complete, None),
        (Method::DELETE, &path, None),
        (
            Method::DELETE,
            "/v1/tasks/01900000-0000-7000-8000-00000000ffff",
            None,
        ),
    ];
    for (method, path, body) in table {
        let refused = fixture.keyed("k", method.clone(), path, body).await;
        assert_eq!(code(&refused), (422, "idempotency_key_reused"), "{method} {path}");
        assert!(!refused.replayed, "{method} {path}");
    }
    assert_replays(
        &fixture
            .keyed("\"k\"", Method::POST, "/v1/tasks", Some(titled("x")))
            .await,
        &first,
    );
    assert_eq!(fixture.outbox().await.len(), 1);
}

#[tokio::test]
async fn two_users_may_use_the_same_key() {
    let fixture = Fixture::new().await;
    let first = fixture
        .keyed("k", Method::POST, "/v1/tasks", Some(titled("x")))
        .await;
    let headers = [("idempotency-key", "k")];
    let other = fixture
        .send_with("bob", Method::POST, "/v1/tasks", Some(titled("x")), &headers)
        .await;
    assert_eq!((first.status, other.status, other.replayed), (201, 201, false));
    assert_ne!(first.location, other.location);
    assert_eq!(other.body["owner"], "bob");
}

#[tokio::test]
async fn what_was_refused_may_be_corrected_under_the_same_key() {
    let fixture = Fixture::new().await;
    let refused = fixture
        .keyed("k", Method::POST, "/v1/tasks", Some(titled(" ")))
        .await;
    assert_eq!(code(&refused), (422, "invalid"));
    let made = fixture
        .keyed("k", Method::POST, "/v1/tasks", Some(titled("x")))
        .await;
    assert_eq!((made.status, made.replayed), (201, false), "{made:?}");

    let path = made.location.unwrap();
    for (version, status) in [("\"v9\"", 412), ("\"v1\"", 200)] {
        let headers = [("idempotency-key", "l"), ("if-match", version)];
        let answer = fixture
            .send_with("alice", Method::PATCH, &path, Some(titled("y")), &headers)
            .await;
        assert_eq!((answer.status, answer.replayed), (status, false));
    }
    let unreadable = fixture
        .keyed("\"", Method::POST, "/v1/tasks", Some(titled("x")))
        .await;
    assert_eq!(code(&unreadable), (400, "idempotency_key_invalid"));
    assert_eq!(fixture.outbox().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_twins_one_writes_and_all_are_answered_alike() {
    let fixture = Fixture::with_random_ids().await;
    let path = fixture.create(json!({"title": "x"})).await;
    let complete = format!("{path}/complete");
    let table = [
        (Method::POST, "/v1/tasks", Some(titled("y")), 201),
        (Method::PATCH, &path, Some(titled("y")), 200),
        (Method::POST, &complete, None, 200),
        (Method::DELETE, &path, None, 204),
    ];
    for (number, (method, path, body, status)) in table.into_iter().enumerate() {
        let key = format!("key-{number}");
        let twins = (0..20).map(|_| fixture.keyed(&key, method.clone(), path, body.clone()));
        let mut answers = join_all(twins).await;
        // On a slow machine a twin may have waited too long, for the key or for a connection.
        answers.retain(|answer| {
            ![(409, "idempotency_key_in_use"), (503, "unavailable")].contains(&code(answer))
        });
        answers.push(fixture.keyed(&key, method.clone(), path, body.clone()).await);
        let first = answers.iter().position(|answer| !answer.replayed).unwrap();
        let first = answers.swap_remove(first);
        assert_eq!(first.status, status, "{first:?}");
        for again in &answers {
            assert_replays(again, &first);
        }
        assert_eq!(
            fixture.outbox().await.len(),
            number + 2,
            "{method} {path} writes one event"
        );
    }
    let list = fixture.send("alice", Method::GET, "/v1/tasks", None).await.body;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_twin_that_does_not_end_is_a_409_and_leaves_nothing_when_it_fails() {
    let fixture = Fixture::new().await;
    let twin = fixture.twin_under_way("k").await;
    let refused = fixture
        .keyed("k", Method::POST, "/v1/tasks", Some(titled("x")))
        .await;
    assert_eq!(code(&refused), (409, "idempotency_key_in_use"));
    assert_eq!(fixture.outbox().await, []);
    twin.rollback().await.unwrap();
    let made = fixture
        .keyed("k", Method::POST, "/v1/tasks", Some(titled("x")))
        .await;
    assert_eq!((made.status, made.replayed), (201, false));
    assert_eq!(
        (fixture.outbox().await.len(), fixture.stored_answers().await),
        (1, 1)
    );
}

#[tokio::test]
async fn a_write_that_cannot_get_at_its_task_leaves_nothing_and_may_be_repeated() {
    let fixture = Fixture::new().await;
    let path = fixture.create(json!({"title": "x"})).await;
    let mut other = postgres::begin(&fixture.database.pool).await.unwrap();
    sqlx::query("select from task for update")
        .execute(&mut *other)
        .await
        .unwrap();
    let refused = fixture.keyed("k", Method::PATCH, &path, Some(titled("y"))).await;
    assert_eq!(code(&refused), (409, "idempotency_key_in_use"));
    assert_eq!(fixture.stored_answers().await, 0);
    other.rollback().await.unwrap();
    let written = fixture.keyed("k", Method::PATCH, &path, Some(titled("y"))).await;
    assert_eq!((written.status, written.replayed), (200, false));
    assert_eq!(fixture.outbox().await.len(), 2);
}

#[tokio::test]
async fn a_connection_that_dies_in_the_middle_leaves_nothing_and_the_write_may_be_repeated() {
    let fixture = Fixture::new().await;
    let twin = fixture.twin_under_way("k").await;
    // The write has made its task and waits for the key.
    let kill = async {
        while let None | Some(false) = sqlx::query_scalar::<_, bool>(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_optional(&fixture.database.pool)
        .await
        .unwrap()
        {}
    };
    let (broken, killed) = tokio::join!(
        fixture.keyed("k", Method::POST, "/v1/tasks", Some(titled("x"))),
        tokio::time::timeout(Duration::from_secs(10), kill),
    );
    assert!(killed.is_ok(), "no write waited: {broken:?}");
    assert_eq!(code(&broken), (503, "unavailable"));
    twin.rollback().await.unwrap();
    assert_eq!(fixture.outbox().await, []);
    let made = fixture
        .keyed("k", Method::POST, "/v1/tasks", Some(titled("x")))
        .await;
    assert_eq!((made.status, made.replayed), (201, false));
    assert_eq!(fixture.outbox().await.len(), 1);
}

#[tokio::test]
async fn an_answer_is_forgotten_after_a_day() {
    let fixture = Fixture::new().await;
    let (old, young) = (
        fixture
            .keyed("old", Method::POST, "/v1/tasks", Some(titled("x")))
            .await,
        fixture
            .keyed("young", Method::POST, "/v1/tasks", Some(titled("x")))
            .await,
    );
    let pool = &fixture.database.pool;
    for statement in [
        "update idempotency set created_at = now() - interval '24 hours 1 second' where key = 'old'",
        "update idempotency set created_at = now() - interval '23 hours 59 minutes' where key = 'young'",
        // More than one statement forgets.
        "insert into idempotency (owner, key, fingerprint, status, created_at)
         select 'bob', number::text, sha256(''), 201, now() - interval '2 days' from generate_series(1, 1200) number",
    ] {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
    let gone = Store::new(pool.clone()).forget_answers().await.unwrap();
    assert_eq!((gone, fixture.stored_answers().await), (1201, 1));
    let again = fixture
        .keyed("young", Method::POST, "/v1/tasks", Some(titled("x")))
        .await;
    assert_replays(&again, &young);
    let anew = fixture
        .keyed("old", Method::POST, "/v1/tasks", Some(titled("x")))
        .await;
    assert_eq!((anew.status, anew.replayed), (201, false));
    assert_ne!(anew.location, old.location);
}
