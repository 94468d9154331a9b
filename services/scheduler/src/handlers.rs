//! The routes on the app port, one file each.

mod reminders;
mod task_changed;

use axum::Router;
use axum::routing::post;
use todo_domain::Topic;
use todo_kit::events::dead_letters;
use todo_kit::metrics::Metrics;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::metrics::ReminderMetrics;
use crate::store::Store;

/// The topics that the scheduler consumes.
pub const CONSUMES: [Topic; 4] = [
    Topic::TaskCreated,
    Topic::TaskUpdated,
    Topic::TaskCompleted,
    Topic::TaskDeleted,
];

/// What the handlers work with.
#[derive(Clone)]
pub struct App {
    /// The reminders.
    pub store: Store,
    /// Counts them.
    pub metrics: ReminderMetrics,
}

/// What users may ask, with its document.
pub(crate) fn public() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(reminders::handle))
}

/// All routes. Dead letters are counted in `metrics`.
pub fn routes(app: App, metrics: &Metrics) -> Router {
    let dead_letters = dead_letters(metrics, &CONSUMES, app.store.clone(), task_changed::keep);
    CONSUMES
        .iter()
        .fold(Router::new(), |router, topic| {
            router.route(&topic.route(), post(task_changed::handle))
        })
        .merge(Router::from(public()))
        .with_state(app)
        .merge(dead_letters)
}
