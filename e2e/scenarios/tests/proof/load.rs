//! Clients that write through the gateway, each write with a key of its own, and record what they were told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use todo_scenarios::Result;
use todo_scenarios::proof::history::{Ask, Outcome, Write};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::world::World;

/// Three clients share one user, and so each other's tasks.
const USERS: u64 = 2;
const CLIENTS: u64 = 6;
/// How long a client asks again after the last fault before it gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// A task as a client last heard of it.
#[derive(Debug, Clone, Copy)]
struct Known {
    task: Uuid,
    version: i64,
}

/// Clients at work.
pub(crate) struct Load {
    clients: JoinSet<Vec<Write>>,
    is_over: Arc<AtomicBool>,
}

impl Load {
    /// Starts them; what they do follows from `seed`, when they do it does not.
    pub(crate) fn start(world: &World, seed: u64) -> Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let tasks: Vec<_> = (0..USERS).map(|_| Arc::new(Mutex::new(Vec::new()))).collect();
        let mut clients = JoinSet::new();
        for (number, tasks) in (0..CLIENTS).zip(tasks.iter().cycle()) {
            let user = format!("user-{seed}-{}", number % USERS);
            let client = Client {
                http: reqwest::Client::builder()
                    .timeout(Duration::from_secs(4))
                    .build()?,
                gateway: world.gateway(),
                token: world.issuer.token(&user),
                name: format!("{seed}-{number}"),
                tasks: Arc::clone(tasks),
                random: StdRng::seed_from_u64(seed ^ number.rotate_left(32)),
                is_over: Arc::clone(&is_over),
            };
            clients.spawn(client.write());
        }
        Ok(Self { clients, is_over })
    }

    /// Lets no client begin anything new.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Takes what those recorded that have ended; tells whether all have.
    pub(crate) fn ended(&mut self, writes: &mut Vec<Write>) -> Result<bool> {
        while let Some(ended) = self.clients.try_join_next() {
            writes.extend(ended?);
        }
        Ok(self.clients.is_empty())
    }
}

struct Client {
    http: reqwest::Client,
    gateway: String,
    token: String,
    name: String,
    tasks: Arc<Mutex<Vec<Known>>>,
    random: StdRng,
    is_over: Arc<AtomicBool>,
}

/// What one attempt came to.
enum Answer {
    Definite(Outcome),
    Unclear,
}

impl Client {
    async fn write(mut self) -> Vec<Write> {
        let mut writes = Vec::new();
        while !self.is_over.load(Ordering::Relaxed) {
            let pause = Duration::from_millis(self.random.random_range(0..50));
            tokio::time::sleep(pause).await;
            let title = format!("{}-{}", self.name, writes.len());
            let write = self.one(title).await;
            writes.push(write);
        }
        writes
    }

    async fn one(&mut self, title: String) -> Write {
        let known = self.tasks.lock().await.choose(&mut self.random).copied();
        let (ask, version) = match (known, self.random.random_range(0..100)) {
            (None, _) | (_, 0..30) => (Ask::Create { title }, None),
            (Some(Known { task, version }), kind @ 30..80) => {
                (Ask::Rename { task, title }, (kind < 55).then_some(version))
            }
            (Some(Known { task, version }), 80..90) => (Ask::Complete { task, version }, Some(version)),
            (Some(Known { task, version }), _) => (Ask::Delete { task, version }, Some(version)),
        };
        // Some users press the button once and go away.
        let is_patient = self.random.random_range(0..10) > 0;
        let key = format!("\"{:032x}\"", self.random.random::<u128>());
        let outcome = self.until_clear(&ask, version, &key, is_patient).await;
        self.learn(&ask, outcome).await;
        Write { ask, outcome }
    }

    /// Sends the same request until its answer is clear.
    async fn until_clear(&mut self, ask: &Ask, version: Option<i64>, key: &str, is_patient: bool) -> Outcome {
        let mut give_up = None;
        loop {
            if let Answer::Definite(outcome) = self.attempt(ask, version, key).await {
                return outcome;
            }
            if self.is_over.load(Ordering::Relaxed) {
                give_up.get_or_insert_with(|| Instant::now() + PATIENCE);
            }
            if !is_patient || give_up.is_some_and(|end| Instant::now() > end) {
                return Outcome::Unknown;
            }
            let pause = Duration::from_millis(self.random.random_range(50..250));
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, ask: &Ask, version: Option<i64>, key: &str) -> Answer {
        let mut request = self
            .request(ask)
            .bearer_auth(&self.token)
            .header("idempotency-key", key);
        if let Some(version) = version {
            request = request.header("if-match", format!("\"v{version}\""));
        }
        let Ok(response) = request.send().await else {
            return Answer::Unclear;
        };
        let status = response.status();
        let etag = response.headers().get("etag").and_then(|etag| etag.to_str().ok());
        let etag = etag.and_then(|etag| etag.strip_prefix("\"v")?.strip_suffix('"')?.parse().ok());
        let Ok(text) = response.text().await else {
            return Answer::Unclear;
        };
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            let task = match ask {
                Ask::Create { .. } => body["id"].as_str().and_then(|id| id.parse().ok()),
                Ask::Rename { task, .. } | Ask::Complete { task, .. } | Ask::Delete { task, .. } => {
                    Some(*task)
                }
            };
            let version = if status == StatusCode::NO_CONTENT {
                version
            } else {
                etag
            };
            return match (task, version) {
                (Some(task), Some(version)) => Answer::Definite(Outcome::Accepted { task, version }),
                _ => Answer::Unclear,
            };
        }
        let is_final = match status {
            StatusCode::CONFLICT => body["code"] == "illegal_transition",
            StatusCode::NOT_FOUND | StatusCode::PRECONDITION_FAILED => body["code"].is_string(),
            _ => false,
        };
        if is_final {
            Answer::Definite(Outcome::Refused)
        } else {
            Answer::Unclear
        }
    }

    fn request(&self, ask: &Ask) -> RequestBuilder {
        let url = |rest: &str| format!("{}/v1/tasks{rest}", self.gateway);
        match ask {
            Ask::Create { title } => self.http.post(url("")).json(&json!({"title": title})),
            Ask::Rename { task, title } => {
                let request = self.http.request(Method::PATCH, url(&format!("/{task}")));
                request.json(&json!({"title": title}))
            }
            Ask::Complete { task, .. } => self.http.post(url(&format!("/{task}/complete"))),
            Ask::Delete { task, .. } => self.http.delete(url(&format!("/{task}"))),
        }
    }

    /// Keeps what is known of the tasks; one of which something is not known is left alone from then on.
    async fn learn(&self, ask: &Ask, outcome: Outcome) {
        let mut tasks = self.tasks.lock().await;
        match (ask, outcome) {
            (Ask::Create { .. }, Outcome::Accepted { task, version }) => tasks.push(Known { task, version }),
            (Ask::Rename { .. } | Ask::Complete { .. }, Outcome::Accepted { task, version }) => {
                for known in tasks.iter_mut().filter(|known| known.task == task) {
                    known.version = known.version.max(version);
                }
            }
            (Ask::Delete { task, .. }, _) => tasks.retain(|known| known.task != *task),
            _ => {}
        }
    }
}
