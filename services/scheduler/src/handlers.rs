//! The routes on the app port, one file each.

mod reminders;
mod task_changed;

use axum::Router;
use axum::routing::{get, post};
use todo_domain::Topic;

use crate::metrics::ReminderMetrics;
use crate::store::Store;

/// The topics that the scheduler consumes.
pub const CONSUMES: [Topic; 4] = [
    Topic::TaskCreated,
    Topic::TaskUpdated,
    Topic::TaskCompleted,
    Topic::TaskDeleted,
];
/// Where a user finds the pending reminders.
pub const REMINDERS: &str = "/v1/reminders";

/// What the handlers work with.
#[derive(Clone)]
pub struct App {
    /// The reminders.
    pub store: Store,
    /// Counts them.
    pub metrics: ReminderMetrics,
}

/// All routes.
pub fn routes(app: App) -> Router {
    CONSUMES
        .iter()
        .fold(Router::new(), |router, topic| {
            router.route(&topic.route(), post(task_changed::handle))
        })
        .route(REMINDERS, get(reminders::handle))
        .with_state(app)
}
