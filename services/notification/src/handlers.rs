//! The routes on the app port, one file each.

mod event;
mod list;
mod position;
mod preferences;
mod understand;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use todo_domain::{IdSource, Topic};
use todo_kit::dapr::StateStore;
use todo_kit::events::{RETRIES_EXHAUSTED, dead_letters};
use todo_kit::metrics::Metrics;
use tokio::sync::Notify;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::store::Store;

/// The topics that notification consumes.
pub const CONSUMES: [Topic; 3] = [Topic::TaskCreated, Topic::TaskCompleted, Topic::TaskReminder];

/// What the handlers work with.
#[derive(Clone)]
pub struct App {
    /// The deliveries.
    pub store: Store,
    /// The preferences.
    pub preferences: Arc<dyn StateStore>,
    /// Names the deliveries.
    pub ids: Arc<dyn IdSource>,
    /// Woken when something was planned.
    pub planned: Arc<Notify>,
}

/// What users may ask, with its document.
pub(crate) fn public() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::handle))
        .routes(routes!(preferences::get, preferences::put))
}

/// All routes. Dead letters are counted in `metrics`.
pub fn routes(app: App, metrics: &Metrics) -> Router {
    let dead_letters = dead_letters(
        metrics,
        &CONSUMES,
        app.store.clone(),
        |store, letter| async move { store.bury(RETRIES_EXHAUSTED, &letter).await },
    );
    Router::new()
        .route(&Topic::TaskCreated.route(), post(event::task))
        .route(&Topic::TaskCompleted.route(), post(event::task))
        .route(&Topic::TaskReminder.route(), post(event::reminder))
        .merge(Router::from(public()))
        .with_state(app)
        .merge(dead_letters)
}
