//! The scheduler: reminders in Redis, published when they fall due.
//!
//! Events of tasks set and drop reminders ([`handlers`]), a poller publishes what falls due ([`poller`]), and one store
//! keeps them between ([`store`]). Any number of replicas share one Redis.

mod config;
pub mod fire;
pub mod handlers;
mod lag;
pub mod metrics;
pub mod poller;
pub mod store;

use std::time::Duration;

use axum::Router;
use todo_domain::Topic;
use todo_kit::config::ConfigError;
use todo_kit::describe::{Description, Store as StoreKind};
use todo_kit::health::Affects;
use todo_kit::{Context, Service, StartError, openapi};
use utoipa::openapi::OpenApi;

pub use config::SchedulerConfig;

use crate::handlers::{App, CONSUMES, routes};
use crate::lag::watch_due_lag;
use crate::metrics::ReminderMetrics;
use crate::poller::Poller;
use crate::store::Store;

/// How long one script may take. Longer than any does, shorter than the sidecar waits for a handler.
const REDIS_TIMEOUT: Duration = Duration::from_secs(2);

/// The scheduler as a service.
pub struct Scheduler;

impl Service for Scheduler {
    type Config = SchedulerConfig;

    fn description() -> Description {
        Description {
            publishes: vec![Topic::TaskReminder],
            consumes: CONSUMES.to_vec(),
            stores: vec![StoreKind::Redis],
            routes: openapi::paths(&Self::api()),
            about: "Reminders that fire in time",
            ..Description::new("scheduler")
        }
    }

    fn api() -> OpenApi {
        handlers::public().into_openapi()
    }

    fn check(config: &SchedulerConfig) -> Result<(), ConfigError> {
        config.check()
    }

    async fn start(context: &Context<SchedulerConfig>) -> Result<Router, StartError> {
        let config = &context.config;
        let redis = context.redis(REDIS_TIMEOUT, Some(Affects::Intake))?;
        let store = Store::new(redis, &config.common.namespace, &config.common.platform);
        let metrics = ReminderMetrics::new(&context.metrics);
        let poller = Poller {
            store: store.clone(),
            publisher: context.publisher(&config.service.pubsub)?,
            origin: context.origin(),
            tracer: context.tracer.clone(),
            metrics: metrics.clone(),
        };
        let interval = config.service.scheduler.poll_interval();
        context
            .background
            .spawn("poller", |stop| poller.run(interval, stop));
        let (watched, lag) = (store.clone(), metrics.clone());
        context
            .background
            .spawn("due-lag", |stop| watch_due_lag(watched, lag, stop));
        context.watch_dead_letters(&CONSUMES, store.clone(), |store| async move {
            store.dead_letters().await
        });
        Ok(routes(App { store, metrics }, &context.metrics))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_of_itself_what_the_contract_says() {
        let described = serde_json::to_value(Scheduler::description()).unwrap();
        let expected = serde_json::json!({
            "service": "scheduler", "httpPort": 8080, "adminPort": 8081, "publishes": ["task.reminder"],
            "consumes": ["task.created", "task.updated", "task.completed", "task.deleted"], "calls": [],
            "stores": ["redis"], "routes": ["/v1/reminders"],
        });
        assert_eq!(described, expected);
    }
}
