//! A database of its own for each test, and events to post.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use jiff::civil::Date;
use serde_json::{Value, json};
use todo_analytics::MIGRATIONS;
use todo_analytics::handlers::{App, routes};
use todo_analytics::store::{Day, Store};
use todo_domain::FixedClock;
use todo_kit::metrics::Metrics;
use todo_kit::testing::{TestDatabase, TestIssuer, test_app};
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) store: Store,
    pub(crate) app: Router,
    pub(crate) issuer: TestIssuer,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::new("analytics", &MIGRATIONS).await;
        let store = Store::new(database.pool.clone());
        let clock = Arc::new(FixedClock::new("2026-11-21T12:00:00Z".parse().expect("a time")));
        let issuer = TestIssuer::new(1);
        let app = App {
            store: store.clone(),
            clock: clock.clone(),
        };
        let app = routes(app, &Metrics::new("analytics", "test"));
        Self {
            app: test_app(app, &issuer, clock),
            database,
            store,
            issuer,
        }
    }

    /// Asks as `user`, and gives status and body.
    pub(crate) async fn get(&self, user: &str, path: &str) -> (u16, Value) {
        let token = format!("Bearer {}", self.issuer.token(user));
        let request = Request::get(path)
            .header("authorization", token)
            .body(Body::empty());
        self.send(request.expect("a request")).await
    }

    /// Posts an event as the sidecar does, and gives the status word of the answer, or its problem code.
    pub(crate) async fn post(&self, topic: &str, body: String) -> (u16, String) {
        let request = Request::post(format!("/events/{topic}")).body(Body::from(body));
        let (status, body) = self.send(request.expect("a request")).await;
        let word = body["status"].as_str().or(body["code"].as_str()).expect("a word");
        (status, word.to_owned())
    }

    async fn send(&self, request: Request<Body>) -> (u16, Value) {
        let answer = self.app.clone().oneshot(request).await.expect("an answer");
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    pub(crate) async fn accept(&self, event: &TaskEvent) {
        assert_eq!(
            self.post(event.topic, event.json()).await,
            (200, "SUCCESS".to_owned()),
            "{event:?}"
        );
    }

    /// All days of a user as `day: created completed deleted`.
    pub(crate) async fn days(&self, owner: &str) -> Vec<String> {
        let show = |day: &Day| format!("{}: {} {} {}", day.day, day.created, day.completed, day.deleted);
        self.all(owner).await.iter().map(show).collect()
    }

    pub(crate) async fn all(&self, owner: &str) -> Vec<Day> {
        let (from, to) = (Date::new(2026, 1, 1), Date::new(2026, 12, 31));
        self.store
            .daily(owner, from.expect("a day"), to.expect("a day"))
            .await
            .expect("the counts")
    }
}

/// An event of a task of alice's that was created on 1 November.
#[derive(Debug, Clone)]
pub(crate) struct TaskEvent {
    pub(crate) topic: &'static str,
    pub(crate) task: u128,
    pub(crate) version: i64,
    /// Day of November on which the task became done, if it is done.
    pub(crate) completed_on: Option<u8>,
    /// Day of November of the event.
    pub(crate) on: u8,
}

impl TaskEvent {
    pub(crate) fn json(&self) -> String {
        let Self {
            topic,
            task,
            version,
            completed_on,
            on,
        } = self;
        let id = Uuid::new_v5(
            &Uuid::NAMESPACE_URL,
            format!("{topic} {task} {version}").as_bytes(),
        );
        let task = Uuid::from_u128(*task);
        let at = |day: u8| format!("2026-11-{day:02}T23:59:59Z");
        json!({
            "specversion": "1.0", "id": id, "source": "/todo/todo/task", "type": format!("com.todo.{topic}.v1"),
            "subject": format!("task/{task}"), "time": at(*on), "datacontenttype": "application/json",
            "sequence": version.to_string(), "partitionkey": task,
            "data": {
                "task": {
                    "id": task, "title": "Buy milk", "description": null,
                    "status": if completed_on.is_some() { "done" } else { "open" }, "priority": "none",
                    "due_at": null, "reminders": [], "owner": "alice", "version": version, "created_at": at(1),
                    "updated_at": at(*on), "completed_at": completed_on.map(at), "owner_email": null,
                },
                "changed": [],
            },
        })
        .to_string()
    }
}
