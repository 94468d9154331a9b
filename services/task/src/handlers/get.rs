//! `GET /v1/tasks/{id}`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use todo_domain::TaskId;
use todo_kit::auth::Caller;
use todo_kit::http::{Id, etag};
use todo_kit::problem::Problem;

use crate::App;
use crate::answer::Answer;

/// Shows a task; 304 when `If-None-Match` has its present version.
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TaskId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let task = app
        .store
        .get(&caller.sub, id)
        .await?
        .ok_or_else(Problem::not_found)?
        .task;
    let tag = etag(task.version);
    if headers.get(IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    Ok(Answer::shown(&task).into_response())
}
