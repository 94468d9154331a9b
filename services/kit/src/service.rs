//! What makes a program a service of the platform.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use todo_domain::{Clock, EventOrigin, IdSource, Topic};
use utoipa::openapi::OpenApi;

use crate::auth::Verifier;
use crate::background::Background;
use crate::config::{Config, ConfigError, PubSubConfig};
use crate::dapr::{DaprClient, DaprClientError, DaprPublisher, DaprState, Publisher, StateStore};
use crate::describe::Description;
use crate::events::DeadLetters;
use crate::health::{Affects, Health};
use crate::metrics::Metrics;
use crate::postgres::PostgresError;
use crate::redis::Redis;
use crate::trace::Tracer;
use crate::{Chain, Environment, postgres, redis as kit_redis};

/// Why a service could not start.
pub type StartError = Box<dyn Error + Send + Sync>;

/// Who may ask on the app port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingress {
    /// Only the sidecar, which proves itself by `APP_API_TOKEN`.
    Sidecar,
    /// Anybody; users prove themselves by their tokens.
    Public,
}

/// A service of the platform. Give it to [`crate::main`].
pub trait Service: Send + Sync + 'static {
    /// The configuration keys that it has beyond the common ones: camelCase, `deny_unknown_fields`;
    /// [`crate::config::NoConfig`] when there are none.
    type Config: DeserializeOwned + Serialize + Clone + Send + Sync + 'static;

    /// Who may ask on the app port.
    const INGRESS: Ingress = Ingress::Sidecar;

    /// What it says of itself.
    fn description() -> Description;

    /// Its public routes as a document, made from their handlers; all that documents share is added to it
    /// ([`crate::openapi`]).
    fn api() -> OpenApi {
        OpenApi::default()
    }

    /// What the types of the configuration cannot say; part of `--check-config`. The variables that its stores need
    /// are checked without its doing.
    fn check(config: &Self::Config) -> Result<(), ConfigError> {
        let _ = config;
        Ok(())
    }

    /// Connects its stores, starts its background tasks, and gives the routes of the app port: its public ones and
    /// `POST /events/…`, with [`crate::events::dead_letters`] if there are any, without a fallback. May wait for a store; meanwhile the probes say that start-up goes on.
    fn start(context: &Context<Self::Config>) -> impl Future<Output = Result<Router, StartError>> + Send;
}

/// What a service is given at its start. All of it is cheap to clone.
#[derive(Clone)]
pub struct Context<C> {
    /// The configuration.
    pub config: Arc<Config<C>>,
    /// The environment of the process.
    pub environment: Environment,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// Begins spans.
    pub tracer: Tracer,
    /// Where metrics are registered.
    pub metrics: Metrics,
    /// Where checks are registered.
    pub health: Health,
    /// Where loops are started.
    pub background: Background,
    /// Verifies tokens; [`crate::auth::Caller`] uses it without further ado.
    pub verifier: Arc<Verifier>,
}

impl<C> Context<C> {
    /// The source of this service's events.
    pub fn origin(&self) -> EventOrigin {
        EventOrigin::new(&self.config.common.platform, &self.config.common.service)
    }

    /// The database that [`postgres::Address::of`] finds, migrated, in the schema named after the service; watched from
    /// now on.
    pub async fn postgres(&self, migrations: &Migrator) -> Result<PgPool, StartError> {
        let address = postgres::Address::of(&self.environment)?;
        let schema = self.config.common.service.as_str();
        let pool = postgres::connect(&address, schema, migrations).await;
        let pool = pool.map_err(|error: PostgresError| Box::new(error))?;
        postgres::show(&self.metrics, pool.clone());
        let (health, watched) = (self.health.clone(), pool.clone());
        self.background.spawn("watch-postgresql", |stop| {
            health.watch("postgresql", Affects::Intake, stop, move || {
                let pool = watched.clone();
                async move {
                    postgres::ping(&pool)
                        .await
                        .map_err(|error| Chain(&error).to_string())
                }
            })
        });
        Ok(pool)
    }

    /// The read replica of the service's database, when there is one. It is nobody's condition: whoever reads from it
    /// must be able to read from the database itself.
    pub fn postgres_replica(&self, patience: Duration) -> Result<Option<PgPool>, StartError> {
        let schema = self.config.common.service.as_str();
        let address = postgres::Address::replica_of(&self.environment)?;
        Ok(address.map(|address| postgres::connect_replica(&address, schema, patience)))
    }

    /// The Redis that [`kit_redis::Address::of`] finds, connected when it is first used. Watched from now on when
    /// `affects` says what a Redis that is away means; `None` for a service that copes without.
    pub fn redis(&self, response_timeout: Duration, affects: Option<Affects>) -> Result<Redis, StartError> {
        let address = kit_redis::Address::of(&self.environment)?;
        let connection = kit_redis::connect(&address, response_timeout)?;
        if let Some(affects) = affects {
            let (health, watched) = (self.health.clone(), connection.clone());
            self.background.spawn("watch-redis", move |stop| {
                health.watch("redis", affects, stop, move || {
                    let connection = watched.clone();
                    async move {
                        kit_redis::ping(connection)
                            .await
                            .map_err(|error| Chain(&error).to_string())
                    }
                })
            });
        }
        Ok(connection)
    }

    /// Shows as `todo_dead_letters{topic}` how many dead letters `count` finds in `store`; of who consumes `topics`.
    pub fn watch_dead_letters<S, K, F, E>(&self, topics: &[Topic], store: S, count: K)
    where
        S: Clone + Send + Sync + 'static,
        K: Fn(S) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Vec<(String, i64)>, E>> + Send + 'static,
        E: Error + Send + 'static,
    {
        let letters = DeadLetters::new(&self.metrics, topics);
        self.background.spawn("dead-letters", |stop| async move {
            letters.watch(stop, || count(store.clone())).await;
        });
    }

    /// A publisher through the sidecar.
    pub fn publisher(&self, config: &PubSubConfig) -> Result<Arc<dyn Publisher>, DaprClientError> {
        let client = DaprClient::from_environment(&self.environment)?;
        let tracer = self.tracer.clone();
        Ok(Arc::new(DaprPublisher::new(client, config.clone(), tracer)))
    }

    /// The state store component of that name, through the sidecar.
    pub fn state_store(&self, component: &str) -> Result<Arc<dyn StateStore>, DaprClientError> {
        let client = DaprClient::from_environment(&self.environment)?;
        Ok(Arc::new(DaprState::new(client, component)))
    }
}
