//! `POST /v1/tasks`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{ETAG, LOCATION};
use todo_domain::{TaskDraft, TaskSnapshot, Topic};
use todo_kit::auth::Caller;
use todo_kit::http::{Json, etag};
use todo_kit::problem::Problem;

use crate::App;

/// Makes a task: 201 with `Location` and `ETag`.
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(draft): Json<TaskDraft>,
) -> Result<Response, Problem> {
    let task = draft.into_task(&caller.sub, app.ids.as_ref(), app.clock.now())?;
    let snapshot = TaskSnapshot {
        task,
        owner_email: caller.email,
    };
    let event = app.event(Topic::TaskCreated, snapshot.clone(), &[], None);
    app.store.create(&snapshot, &event).await?;
    app.relay.notify_one();
    let task = snapshot.task;
    let location = [(LOCATION, format!("/v1/tasks/{}", task.id))];
    Ok((
        StatusCode::CREATED,
        location,
        [(ETAG, etag(task.version))],
        axum::Json(task),
    )
        .into_response())
}
