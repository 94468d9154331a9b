//! The routes on the app port, one file each.

mod daily;
mod happened;
mod task_changed;
mod understand;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use todo_domain::{Clock, Topic};
use todo_kit::events::{RETRIES_EXHAUSTED, dead_letters};
use todo_kit::metrics::Metrics;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::store::Store;

/// The topics that tell the state of a task.
const TASK_TOPICS: [Topic; 4] = [
    Topic::TaskCreated,
    Topic::TaskUpdated,
    Topic::TaskCompleted,
    Topic::TaskDeleted,
];
/// The topics that tell of something that happened to a user.
const HAPPENINGS: [Topic; 3] = [
    Topic::TaskReminder,
    Topic::NotificationDelivered,
    Topic::NotificationFailed,
];

/// What the handlers work with.
#[derive(Clone)]
pub struct App {
    /// The counts.
    pub store: Store,
    /// Tells which day it is.
    pub clock: Arc<dyn Clock>,
}

/// The topics that analytics consumes.
pub fn consumes() -> Vec<Topic> {
    [TASK_TOPICS.as_slice(), &HAPPENINGS].concat()
}

/// What users may ask, with its document.
pub(crate) fn public() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(daily::handle))
}

/// All routes. Dead letters are counted in `metrics`.
pub fn routes(app: App, metrics: &Metrics) -> Router {
    let dead_letters = dead_letters(
        metrics,
        &consumes(),
        app.store.clone(),
        |store, letter| async move { store.bury(RETRIES_EXHAUSTED, &letter).await },
    );
    let tasks = TASK_TOPICS.iter().fold(Router::new(), |router, topic| {
        router.route(&topic.route(), post(task_changed::handle))
    });
    HAPPENINGS
        .iter()
        .fold(tasks, |router, topic| {
            router.route(&topic.route(), post(happened::handle))
        })
        .merge(Router::from(public()))
        .with_state(app)
        .merge(dead_letters)
}
