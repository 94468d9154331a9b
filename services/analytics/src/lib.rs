//! Analytics: what happened to each user on each day, folded from events.
//!
//! Events come in ([`handlers`]), become counts by a pure rule ([`fold`]), and stay in one store ([`store`]), in which
//! an event and its effect commit together.

mod config;
pub mod fold;
pub mod handlers;
mod housekeeping;
pub mod store;

use axum::Router;
use sqlx::migrate::Migrator;
use todo_kit::describe::{Description, Store as StoreKind};
use todo_kit::{Context, Service, StartError, openapi};
use utoipa::openapi::OpenApi;

pub use config::AnalyticsConfig;

use crate::handlers::{App, consumes, routes};
use crate::housekeeping::forget_old;
use crate::store::{REPLICA_PATIENCE, Replica, Store};

/// The tables, in a schema of their own.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// Analytics as a service.
pub struct Analytics;

impl Service for Analytics {
    type Config = AnalyticsConfig;

    fn description() -> Description {
        Description {
            consumes: consumes(),
            stores: vec![StoreKind::Postgresql],
            routes: openapi::paths(&Self::api()),
            about: "What happened, counted",
            ..Description::new("analytics")
        }
    }

    fn api() -> OpenApi {
        handlers::public().into_openapi()
    }

    async fn start(context: &Context<AnalyticsConfig>) -> Result<Router, StartError> {
        let replica = context.postgres_replica(REPLICA_PATIENCE)?;
        let store = Store::new(context.postgres(&MIGRATIONS).await?)
            .reading_from(replica.map(|pool| Replica::new(pool, &context.metrics)));
        context
            .background
            .spawn("housekeeping", |stop| forget_old(store.clone(), stop));
        context.watch_dead_letters(&consumes(), store.clone(), |store| async move {
            store.dead_letters().await
        });
        let app = App {
            store,
            clock: context.clock.clone(),
        };
        Ok(routes(app, &context.metrics))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_of_itself_what_the_contract_says() {
        let described = serde_json::to_value(Analytics::description()).unwrap();
        let expected = serde_json::json!({
            "service": "analytics", "httpPort": 8080, "adminPort": 8081, "publishes": [],
            "consumes": [
                "task.created", "task.updated", "task.completed", "task.deleted",
                "task.reminder", "notification.delivered", "notification.failed",
            ],
            "calls": [], "stores": ["postgresql"], "routes": ["/v1/analytics/daily"],
        });
        assert_eq!(described, expected);
    }
}
