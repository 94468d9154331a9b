//! A store of its own for each test, and reminders relative to the server's clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use redis::AsyncCommands;
use redis::aio::ConnectionManager;
use todo_domain::{ReminderId, TaskId};
use todo_scheduler::fire::Fire;
use todo_scheduler::store::{Claim, Store};
use uuid::Uuid;

/// Longer than any test runs.
pub(crate) const LONG: Duration = Duration::from_mins(10);
/// Over as soon as it begins.
pub(crate) const OVER: Duration = Duration::ZERO;

pub(crate) struct Fixture {
    pub(crate) redis: ConnectionManager,
    pub(crate) namespace: String,
    pub(crate) store: Store,
    pub(crate) now: Timestamp,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let url = std::env::var("TODO_TEST_REDIS_URL").expect("TODO_TEST_REDIS_URL names a Redis");
        let client = redis::Client::open(url).expect("a Redis URL");
        let mut redis = ConnectionManager::new(client).await.expect("Redis answers");
        let run: u64 = redis
            .incr("todo-scheduler-tests", 1)
            .await
            .expect("a number for the run");
        let (seconds, _): (i64, i64) = redis::cmd("TIME")
            .query_async(&mut redis)
            .await
            .expect("the time");
        let namespace = format!("test-{run}");
        let store = Store::new(redis.clone(), &namespace, "todo");
        Self {
            redis,
            namespace,
            store,
            now: Timestamp::from_second(seconds).expect("a time"),
        }
    }

    /// A reminder of task `task` that falls due `seconds` from now.
    pub(crate) fn fire(&self, task: u128, reminder: u128, seconds: i64) -> Fire {
        Fire {
            task_id: task_id(task),
            version: 1,
            reminder_id: ReminderId(Uuid::from_u128(reminder)),
            at: self.now + SignedDuration::from_secs(seconds),
            owner: "alice".to_owned(),
            owner_email: None,
            title: "Buy milk".to_owned(),
            traceparent: String::new(),
        }
    }

    pub(crate) async fn set(&self, task: u128, version: i64, fires: &[Fire]) {
        self.store
            .upsert(task_id(task), "alice", version, fires)
            .await
            .expect("the reminders are set");
    }

    pub(crate) async fn claim(&self, lease: Duration) -> Vec<Claim> {
        self.store
            .claim(100, lease)
            .await
            .expect("a look at what is due")
            .claims
    }

    pub(crate) async fn pending(&self) -> Vec<Fire> {
        self.store
            .pending("alice", 100)
            .await
            .expect("the pending reminders")
    }
}

pub(crate) fn task_id(number: u128) -> TaskId {
    TaskId(Uuid::from_u128(number))
}
