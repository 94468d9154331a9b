//! A database and a mail server of its own for each test, and events to post.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use todo_domain::{EventOrigin, FixedClock, SequentialIds};
use todo_kit::RandomIds;
use todo_kit::dapr::{FakeState, StateStore};
use todo_kit::metrics::Metrics;
use todo_kit::testing::events::fits_its_schema;
use todo_kit::testing::{TestDatabase, TestIssuer, test_app, tracer};
use todo_kit::trace::Tracer;
use todo_mailsink::{Mail, Mailbox, smtp};
use todo_notification::attempt::Attempt;
use todo_notification::handlers::{App, routes};
use todo_notification::metrics::DeliveryMetrics;
use todo_notification::preferences::Remembered;
use todo_notification::smtp::Mailer;
use todo_notification::store::{ListedDelivery, Store};
use todo_notification::worker::Worker;
use todo_notification::{MIGRATIONS, SmtpConfig, SmtpSecurity};
use tokio::net::TcpListener;
use tower::ServiceExt;
use uuid::Uuid;

/// Longer than any test runs.
pub(crate) const LONG: Duration = Duration::from_mins(10);
/// Over as soon as it begins.
pub(crate) const OVER: Duration = Duration::ZERO;

pub(crate) struct Fixture {
    pub(crate) pool: PgPool,
    _database: TestDatabase,
    pub(crate) issuer: TestIssuer,
    pub(crate) store: Store,
    pub(crate) mailbox: Mailbox,
    pub(crate) mailer: Mailer,
    pub(crate) preferences: Arc<dyn StateStore>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::new("notification", &MIGRATIONS).await;
        let pool = database.pool.clone();
        let mailbox = Mailbox::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(smtp::serve(listener, mailbox.clone()));
        let config = SmtpConfig {
            host: "127.0.0.1".to_owned(),
            port,
            from: "Todo <todo@example.com>".parse().expect("an address"),
            security: SmtpSecurity::None,
        };
        Self {
            store: Store::new(pool.clone()),
            pool,
            _database: database,
            issuer: TestIssuer::new(1),
            mailbox,
            mailer: Mailer::new(&config, None).expect("a mailer"),
            preferences: Arc::new(FakeState::default()),
        }
    }

    pub(crate) fn attempt(&self) -> Attempt {
        Attempt {
            preferences: Arc::clone(&self.preferences),
            remembered: Remembered::default(),
            mailer: Some(self.mailer.clone()),
        }
    }

    pub(crate) fn worker(&self) -> Worker {
        self.worker_with(self.attempt())
    }

    pub(crate) fn worker_with(&self, attempt: Attempt) -> Worker {
        self.traced_worker(attempt, tracer())
    }

    pub(crate) fn traced_worker(&self, attempt: Attempt, tracer: Tracer) -> Worker {
        Worker {
            store: self.store.clone(),
            attempt,
            origin: EventOrigin::new("todo", "notification"),
            ids: Arc::new(RandomIds),
            clock: clock(),
            tracer,
            metrics: DeliveryMetrics::new(&Metrics::new("notification", "test")),
            planned: Arc::default(),
            reported: Arc::default(),
        }
    }

    /// The app port, for users of the test's issuer.
    pub(crate) fn app(&self) -> Router {
        let app = App {
            store: self.store.clone(),
            preferences: Arc::clone(&self.preferences),
            ids: Arc::new(RandomIds),
            planned: Arc::default(),
        };
        let metrics = Metrics::new("notification", "test");
        test_app(routes(app, &metrics), &self.issuer, clock())
    }

    /// A request with a token of `user`'s.
    pub(crate) fn request(&self, user: &str, method: Method, path: &str) -> request::Builder {
        let token = format!("Bearer {}", self.issuer.token(user));
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", token)
    }

    /// Sends a request, and gives status, `ETag` and body.
    pub(crate) async fn send(&self, request: Request<Body>) -> (u16, Option<String>, Value) {
        let answer = self.app().oneshot(request).await.expect("an answer");
        let status = answer.status().as_u16();
        let etag = answer
            .headers()
            .get("etag")
            .map(|etag| etag.to_str().expect("a text").to_owned());
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, etag, serde_json::from_slice(&body).expect("JSON"))
    }

    /// Posts an event as the sidecar does, and gives the status word of the answer, or its problem code.
    pub(crate) async fn post(&self, topic: &str, body: String) -> (u16, String) {
        let request = Request::post(format!("/events/{topic}")).body(Body::from(body));
        let (status, _, body) = self.send(request.expect("a request")).await;
        let word = body["status"].as_str().or(body["code"].as_str()).expect("a word");
        (status, word.to_owned())
    }

    pub(crate) async fn accept(&self, topic: &str, event: &Value) {
        assert_eq!(
            self.post(topic, event.to_string()).await,
            (200, "SUCCESS".to_owned())
        );
    }

    /// Plans a mail to ann@example.com.
    pub(crate) async fn plan(&self, event: u128) {
        self.accept("task.created", &created(event, Some("ann@example.com")))
            .await;
    }

    pub(crate) async fn deliver(&self) {
        self.worker()
            .deliver_due(LONG)
            .await
            .expect("a look at the deliveries");
    }

    /// All deliveries of alice's, the oldest first.
    pub(crate) async fn deliveries(&self) -> Vec<ListedDelivery> {
        let mut items = self
            .store
            .list("alice", 200, None)
            .await
            .expect("the deliveries")
            .items;
        items.reverse();
        items
    }

    /// State and attempts of the only delivery.
    pub(crate) async fn state(&self) -> (String, i32) {
        let [only] = self.deliveries().await.try_into().expect("one delivery");
        (only.state, only.attempts)
    }

    /// One value of the only delivery.
    pub(crate) async fn text(&self, column: &str) -> Option<String> {
        let query = AssertSqlSafe(format!("select {column} from delivery"));
        sqlx::query_scalar(query)
            .fetch_one(&self.pool)
            .await
            .expect("a delivery")
    }

    pub(crate) async fn execute(&self, statement: &'static str) {
        sqlx::query(statement)
            .execute(&self.pool)
            .await
            .expect("the statement");
    }

    /// Topic and envelope of what waits to be published.
    pub(crate) async fn outbox(&self) -> Vec<(String, Value)> {
        let rows = sqlx::query_as("select topic, envelope from outbox order by seq");
        let rows: Vec<(String, Value)> = rows.fetch_all(&self.pool).await.expect("the outbox");
        for (topic, envelope) in &rows {
            fits_its_schema(topic, envelope);
        }
        rows
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mailbox.mails(None)
    }
}

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new("2026-11-21T12:00:00Z".parse().expect("a time")))
}

/// `task.created` of alice's.
pub(crate) fn created(event: u128, owner_email: Option<&str>) -> Value {
    let task = Uuid::from_u128(1);
    let at = "2026-11-21T12:00:00Z";
    envelope(
        event,
        "task.created",
        &json!({
            "task": {
                "id": task, "title": "Buy milk", "description": null, "status": "open", "priority": "none",
                "due_at": null, "reminders": [], "owner": "alice", "version": 1, "created_at": at, "updated_at": at,
                "completed_at": null, "owner_email": owner_email,
            },
            "changed": [],
        }),
    )
}

/// `task.reminder` of alice's.
pub(crate) fn reminder(event: u128) -> Value {
    envelope(
        event,
        "task.reminder",
        &json!({
            "task_id": Uuid::from_u128(1), "owner": "alice", "owner_email": "ann@example.com", "title": "Buy milk",
            "reminder_id": Uuid::from_u128(2), "at": "2026-11-21T12:00:00Z", "late_seconds": 1,
        }),
    )
}

fn envelope(event: u128, topic: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0", "id": Uuid::from_u128(event), "source": "/todo/todo/task",
        "type": format!("com.todo.{topic}.v1"), "subject": "task/x", "time": "2026-11-21T12:00:00Z",
        "datacontenttype": "application/json", "sequence": "3", "partitionkey": Uuid::from_u128(1), "data": data,
    })
}

/// Ids for what needs some.
pub(crate) fn ids() -> Arc<SequentialIds> {
    Arc::default()
}
