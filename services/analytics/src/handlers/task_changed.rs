use axum::body::Bytes;
use axum::extract::State;
use todo_domain::TaskChanged;
use todo_kit::events::Outcome;
use todo_kit::problem::Problem;

use super::understand::{give_up, understand};
use super::{App, TASK_TOPICS};
use crate::fold::TaskState;

/// `POST /events/task.created` and so on: the task's owner's counts follow the state that the event tells.
pub(super) async fn handle(State(app): State<App>, body: Bytes) -> Result<Outcome, Problem> {
    let (topic, event) = match understand::<TaskChanged>(&TASK_TOPICS, &body) {
        Ok(understood) => understood,
        Err(reason) => return Ok(give_up(&app.store, reason, &body).await),
    };
    let told = TaskState::of(topic, &event);
    let folded = app
        .store
        .fold_task(&event, &told)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    tracing::debug!(task.id = %event.data.task.task.id, event.id = %event.id, ?folded, "task event taken in");
    Ok(folded.into())
}
