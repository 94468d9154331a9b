use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use todo_domain::{ReminderId, TaskId};
use todo_kit::auth::Caller;
use todo_kit::openapi::ReadProblems;
use todo_kit::problem::Problem;
use utoipa::ToSchema;

use super::App;
use crate::fire::Fire;

/// The most that one answer lists; later ones show when these are over.
const LIMIT: usize = 500;

/// The pending reminders.
#[derive(Serialize, ToSchema)]
pub(super) struct Reminders {
    /// At most 500, the earliest first.
    items: Vec<PendingReminder>,
}

/// A reminder that is still to come.
#[derive(Serialize, ToSchema)]
struct PendingReminder {
    /// The task to remember.
    task_id: TaskId,
    /// Which of its reminders.
    reminder_id: ReminderId,
    /// When.
    at: Timestamp,
}

/// List pending reminders
///
/// The caller's, the earliest first, at most 500.
#[utoipa::path(get, path = "/v1/reminders", operation_id = "listReminders", tag = "reminders",
    responses((status = 200, description = "The pending reminders", body = Reminders), ReadProblems))]
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
