use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use todo_domain::{ReminderId, TaskId};
use todo_kit::auth::Caller;
use todo_kit::problem::Problem;

use super::App;
use crate::fire::Fire;

/// The most that one answer lists; later ones show when these are over.
const LIMIT: usize = 500;

#[derive(Serialize)]
pub(super) struct Reminders {
    items: Vec<PendingReminder>,
}

#[derive(Serialize)]
struct PendingReminder {
    task_id: TaskId,
    reminder_id: ReminderId,
    at: Timestamp,
}

/// `GET /v1/reminders`: the caller's pending reminders, the earliest first, at most 500.
pub(super) async fn handle(State(app): State<App>, caller: Caller) -> Result<Json<Reminders>, Problem> {
    let pending = app
        .store
        .pending(&caller.sub, LIMIT)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let item = |Fire {
                    task_id,
                    reminder_id,
                    at,
                    ..
                }| PendingReminder {
        task_id,
        reminder_id,
        at,
    };
    Ok(Json(Reminders {
        items: pending.into_iter().map(item).collect(),
    }))
}
