//! What every service shares: configuration, HTTP, Dapr, stores, telemetry, shutdown.
//!
//! A service is a type that implements [`Service`]; its `main` is one line. The kit brings the command line, the two
//! listeners, probes, metrics, traces, limits, request logs, problems (RFC 9457), the check of the
//! token between sidecar and app, the routes that daprd asks for, verified callers, and the orderly end.
//!
//! ```no_run
//! use axum::body::Bytes;
//! use axum::extract::State;
//! use axum::routing::{get, post};
//! use axum::{Json, Router};
//! use serde::{Deserialize, Serialize};
//! use sqlx::PgPool;
//! use todo_domain::{TaskChanged, Topic};
//! use todo_kit::auth::Caller;
//! use todo_kit::config::PubSubConfig;
//! use todo_kit::describe::{Description, Store};
//! use todo_kit::events::{self, Event, Outcome};
//! use todo_kit::problem::Problem;
//! use todo_kit::{Context, Service, StartError, inbox, postgres};
//!
//! static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate::Migrator::DEFAULT; // sqlx::migrate!()
//!
//! #[derive(Clone, Serialize, Deserialize)]
//! #[serde(rename_all = "camelCase", deny_unknown_fields)]
//! struct Config {
//!     pubsub: PubSubConfig,
//! }
//!
//! struct Counter;
//!
//! impl Service for Counter {
//!     type Config = Config;
//!
//!     fn description() -> Description {
//!         Description {
//!             consumes: vec![Topic::TaskCreated],
//!             stores: vec![Store::Postgresql],
//!             routes: vec!["/v1/count".to_owned()],
//!             ..Description::new("counter")
//!         }
//!     }
//!
//!     async fn start(context: &Context<Config>) -> Result<Router, StartError> {
//!         let pool = context.postgres(&MIGRATIONS).await?;
//!         Ok(Router::new()
//!             .route("/v1/count", get(count))
//!             .route(&Topic::TaskCreated.route(), post(task_created))
//!             .with_state(pool.clone())
//!             .merge(events::dead_letters(&context.metrics, &[Topic::TaskCreated], pool, keep)))
//!     }
//! }
//!
//! async fn count(State(pool): State<PgPool>, caller: Caller) -> Result<Json<i64>, Problem> {
//!     let count = sqlx::query_scalar("select tasks from daily where owner = $1").bind(&caller.sub).fetch_one(&pool);
//!     count.await.map(Json).map_err(|error| Problem::internal(&error))
//! }
//!
//! async fn task_created(State(pool): State<PgPool>, Event(event): Event<TaskChanged>) -> Outcome {
//!     let effect = async {
//!         let mut transaction = postgres::begin(&pool).await?;
//!         if !inbox::is_first_time(&mut transaction, "counter", &event).await? {
//!             return Ok(Outcome::Duplicate);
//!         }
//!         // … the effect, in the same transaction …
//!         transaction.commit().await?;
//!         Ok::<_, sqlx::Error>(Outcome::Applied)
//!     };
//!     effect.await.unwrap_or_else(|error| {
//!         tracing::warn!(error.chain = %todo_kit::Chain(&error), "event is tried again");
//!         Outcome::Retry
//!     })
//! }
//!
//! async fn keep(pool: PgPool, letter: Bytes) -> Result<(), sqlx::Error> {
//!     let kept = sqlx::query("insert into dead_letter (body) values ($1)").bind(letter.as_ref()).execute(&pool);
//!     kept.await.map(drop)
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     todo_kit::main::<Counter>()
//! }
//! ```
//!
//! - [`config`], [`Environment`], [`Secret`]: what a service is told.
//! - [`Context`]: what it is given: [`Context::postgres`], [`Context::redis`], [`Context::publisher`]
//!   and [`Context::state_store`]; clock, ids, metrics, health, [`background`] tasks.
//! - [`http`]: extractors [`http::Json`], [`http::Query`], [`http::Id`], [`http::IfMatch`], and [`http::etag`]; [`http::idempotency`]
//!   for writes that may be sent again.
//! - [`problem`]: every error that a client can see.
//! - [`auth`]: who calls, as [`auth::Caller`].
//! - [`events`], [`inbox`], [`outbox`]: receiving once, publishing surely.
//! - [`trace`]: spans, and their way to a collector.
//! - [`dapr`]: the sidecar, and fakes of it for tests.
//! - [`failpoint`]: places where a test ends or holds the process.
//! - `testing` (feature of that name): tokens of a test issuer, a database of one's own.

mod asyncapi;
pub mod auth;
pub mod background;
mod chain;
mod cli;
pub mod config;
pub mod dapr;
pub mod describe;
mod env;
pub mod events;
pub mod failpoint;
pub mod health;
pub mod http;
pub mod inbox;
pub mod metrics;
pub mod openapi;
pub mod outbox;
pub mod postgres;
pub mod problem;
pub mod redis;
mod run;
mod service;
mod system;
mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod trace;

pub use chain::Chain;
pub use cli::{VERSION, main};
pub use env::{Environment, Secret};
pub use run::{RunError, run};
pub use service::{Context, Ingress, Service, StartError};
pub use system::{RandomIds, SystemClock};
pub use trace::TraceContext;
