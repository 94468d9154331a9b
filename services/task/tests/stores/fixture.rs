//! A task service with a database of its own.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use serde_json::Value;
use todo_domain::{EventOrigin, FixedClock, SequentialIds};
use todo_kit::RandomIds;
use todo_kit::testing::events::fits_its_schema;
use todo_kit::testing::{TestDatabase, TestIssuer, test_app};
use todo_task::{App, MIGRATIONS, Store, router};
use tower::ServiceExt;

pub(super) const NOW: &str = "2026-11-21T12:00:00Z";

pub(super) struct Fixture {
    pub database: TestDatabase,
    pub clock: Arc<FixedClock>,
    pub app: Router,
    pub issuer: TestIssuer,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    pub location: Option<String>,
    pub content_type: Option<String>,
    /// Whether it says that it was given before.
    pub replayed: bool,
    /// The body as it came.
    pub text: String,
    pub body: Value,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        Self::with_ids(false).await
    }

    /// With random ids where several tasks are made at once.
    pub(super) async fn with_random_ids() -> Self {
        Self::with_ids(true).await
    }

    async fn with_ids(random: bool) -> Self {
        let database = TestDatabase::new("task", &MIGRATIONS).await;
        let clock = Arc::new(FixedClock::new(NOW.parse().unwrap()));
        let issuer = TestIssuer::new(1);
        let app = App {
            store: Store::new(database.pool.clone()),
            clock: clock.clone(),
            ids: if random {
                Arc::new(RandomIds)
            } else {
                Arc::new(SequentialIds::default())
            },
            origin: EventOrigin::new("todo", "task"),
            relay: Arc::default(),
        };
        let app = test_app(router(app), &issuer, clock.clone());
        Self {
            database,
            clock,
            app,
            issuer,
        }
    }

    /// Opens every connection of the pool, one after the other: the handshakes of many at once can outlast its patience.
    pub(super) async fn connect(&self) {
        let pool = &self.database.pool;
        let mut held = Vec::new();
        for _ in 0..pool.options().get_max_connections() {
            held.push(pool.acquire().await.unwrap());
        }
    }

    /// One request of `user`.
    pub(super) async fn send(&self, user: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.send_with(user, method, path, body, &[]).await
    }

    /// One request of `user`, with more headers.
    pub(super) async fn send_with(
        &self,
        user: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let token = format!("Bearer {}", self.issuer.token(user));
        let mut all = vec![("authorization", token.as_str())];
        all.extend_from_slice(headers);
        self.send_plain(method, path, body, &all).await
    }

    /// One request with these headers only.
    pub(super) async fn send_plain(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(json) => {
                request = request.header("content-type", "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        answer(
            self.app
                .clone()
                .oneshot(request.body(body).unwrap())
                .await
                .unwrap(),
        )
        .await
    }

    /// Makes a task of alice's and gives its path.
    pub(super) async fn create(&self, body: Value) -> String {
        let answer = self.send("alice", Method::POST, "/v1/tasks", Some(body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.location.unwrap()
    }

    /// Makes a task of alice's and gives its id.
    pub(super) async fn task(&self, body: Value) -> String {
        let path = self.create(body).await;
        path.trim_start_matches("/v1/tasks/").to_owned()
    }

    /// Makes a project of alice's with these members and gives its id.
    pub(super) async fn project(&self, members: &[(&str, &str)]) -> String {
        let body = Some(serde_json::json!({"name": "House"}));
        let made = self.send("alice", Method::POST, "/v1/projects", body).await;
        assert_eq!(made.status, 201, "{made:?}");
        let path = made.location.unwrap();
        for (user, role) in members {
            let body = Some(serde_json::json!({"role": role}));
            let path = format!("{path}/members/{user}");
            let added = self.send("alice", Method::PUT, &path, body).await;
            assert_eq!(added.status, 200, "{added:?}");
        }
        path.trim_start_matches("/v1/projects/").to_owned()
    }

    /// Changes a task of alice's.
    pub(super) async fn patch(&self, id: &str, body: Value) -> Answer {
        self.send("alice", Method::PATCH, &format!("/v1/tasks/{id}"), Some(body))
            .await
    }

    /// The outbox in order: topic, sequence.
    pub(super) async fn outbox(&self) -> Vec<(String, String)> {
        let rows: Vec<(String, Value)> = sqlx::query_as("select topic, envelope from outbox order by seq")
            .fetch_all(&self.database.pool)
            .await
            .unwrap();
        let read = |(topic, envelope): (String, Value)| {
            fits_its_schema(&topic, &envelope);
            (topic, envelope["sequence"].as_str().unwrap().to_owned())
        };
        rows.into_iter().map(read).collect()
    }
}

impl Answer {
    /// Status, and pointer and code of the first of its errors.
    pub(super) fn refusal(&self) -> (u16, &str, &str) {
        let error = &self.body["errors"][0];
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        (self.status, text("pointer"), text("code"))
    }

    /// Status and code of the problem.
    pub(super) fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }
}

async fn answer(response: Response<Body>) -> Answer {
    let header = |name| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let status = response.status().as_u16();
    let (etag, location, content_type) = (header("etag"), header("location"), header("content-type"));
    let replayed = header("idempotency-replayed").as_deref() == Some("true");
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let body = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap()
    };
    Answer {
        status,
        etag,
        location,
        content_type,
        replayed,
        text,
        body,
    }
}
