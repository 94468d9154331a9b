//! The task service: tasks and the projects that share them in PostgreSQL, events by outbox.
//!
//! One file per operation in `handlers`, all SQL in `store`. A change reads the task, decides by the pure domain, and
//! writes task and event in one statement that demands the version it read. For a request with an `Idempotency-Key` the
//! same statement also writes the answer, and whoever sends the request again gets that one.

mod answer;
mod change;
mod handlers;
mod housekeeping;
mod list;
mod once;
mod project_change;
mod store;
mod sync;

use std::sync::Arc;

use axum::Router;
use serde::{Deserialize, Serialize};
use sqlx::migrate::Migrator;
use todo_domain::{Clock, EventOrigin, IdSource, Topic};
use todo_kit::config::PubSubConfig;
use todo_kit::describe::{Description, Store as StoreKind};
use todo_kit::outbox::{OutboxMetrics, Relay, Settings};
use todo_kit::{Context, Service, StartError, openapi};
use tokio::sync::Notify;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use store::{DUE, Store};

use crate::housekeeping::forget_old;
use crate::store::{Record, Written};

/// The migrations of the schema `task`.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// The topics that task publishes.
const PUBLISHES: [Topic; 4] = [
    Topic::TaskCreated,
    Topic::TaskUpdated,
    Topic::TaskCompleted,
    Topic::TaskDeleted,
];

/// The keys that only this service has.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// Where the events go.
    pub pubsub: PubSubConfig,
}

/// The service.
#[derive(Debug)]
pub struct TaskService;

impl Service for TaskService {
    type Config = Config;

    fn description() -> Description {
        Description {
            publishes: PUBLISHES.to_vec(),
            stores: vec![StoreKind::Postgresql],
            about: "Tasks and projects",
            routes: openapi::paths(&Self::api()),
            ..Description::new("task")
        }
    }

    fn api() -> OpenApi {
        public().into_openapi()
    }

    async fn start(context: &Context<Config>) -> Result<Router, StartError> {
        let pool = context.postgres(&MIGRATIONS).await?;
        let publisher = context.publisher(&context.config.service.pubsub)?;
        let metrics = OutboxMetrics::new(&context.metrics, &PUBLISHES);
        let relay = Relay::new(
            pool.clone(),
            publisher,
            Arc::clone(&context.ids),
            metrics,
            Settings::default(),
        );
        let store = Store::new(pool);
        context
            .background
            .spawn("housekeeping", |stop| forget_old(store.clone(), stop));
        let app = App {
            store,
            clock: Arc::clone(&context.clock),
            ids: Arc::clone(&context.ids),
            origin: context.origin(),
            relay: relay.waker(),
        };
        context.background.spawn("relay", |stop| relay.run(stop));
        Ok(router(app))
    }
}

/// What the handlers work with.
#[derive(Clone)]
pub struct App {
    /// The tasks.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// The source of the events.
    pub origin: EventOrigin,
    /// Woken after each write.
    pub relay: Arc<Notify>,
}

/// What users may ask, with its document.
fn public() -> OpenApiRouter<App> {
    handlers::tasks::routes()
        .merge(handlers::trash::routes())
        .merge(handlers::sync::routes())
        .merge(handlers::projects::routes())
}

/// The public routes.
pub fn router(app: App) -> Router {
    public().with_state(app).into()
}
