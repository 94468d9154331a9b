use axum::body::Bytes;
use axum::extract::State;
use todo_domain::{CloudEvent, ReminderDue, TaskChanged, Topic};
use todo_kit::events::Outcome;
use todo_kit::problem::Problem;

use super::App;
use super::understand::{give_up, understand};
use crate::plan::Planned;
use crate::store::PlanOutcome;

/// `POST /events/task.created` and `/events/task.completed`: the owner is to be told.
pub(super) async fn task(State(app): State<App>, body: Bytes) -> Result<Outcome, Problem> {
    match understand::<TaskChanged>(&[Topic::TaskCreated, Topic::TaskCompleted], &body) {
        Ok((topic, event)) => plan(&app, &event, &Planned::of_task(topic, &event)).await,
        Err(reason) => Ok(give_up(&app.store, reason, &body).await),
    }
}

/// `POST /events/task.reminder`: the owner is to be reminded.
pub(super) async fn reminder(State(app): State<App>, body: Bytes) -> Result<Outcome, Problem> {
    match understand::<ReminderDue>(&[Topic::TaskReminder], &body) {
        Ok((_, event)) => plan(&app, &event, &Planned::of_reminder(&event)).await,
        Err(reason) => Ok(give_up(&app.store, reason, &body).await),
    }
}

async fn plan<T: Sync>(app: &App, event: &CloudEvent<T>, planned: &Planned) -> Result<Outcome, Problem> {
    let outcome = app.store.plan(event, planned, app.ids.next()).await;
    let outcome = outcome.map_err(|error| Problem::unavailable(&error))?;
    app.planned.notify_one();
    tracing::info!(event.id = %event.id, event.type = event.event_type, ?outcome, "event taken in");
    Ok(match outcome {
        PlanOutcome::Planned => Outcome::Applied,
        PlanOutcome::Duplicate => Outcome::Duplicate,
    })
}
