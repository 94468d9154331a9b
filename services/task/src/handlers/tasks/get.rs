//! `GET /v1/tasks/{id}`

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use todo_domain::TaskId;
use todo_kit::auth::Caller;
use todo_kit::http::Id;
use todo_kit::openapi::{IfNoneMatchHeader, ReadProblems};
use todo_kit::problem::Problem;

use crate::App;
use crate::once::shown;

/// Read a task
///
/// Shows a task; 304 when `If-None-Match` has its present version.
#[utoipa::path(
    get,
    path = "/v1/tasks/{id}",
    operation_id = "readTask",
    tag = "tasks",
    params(("id" = TaskId, Path, description = "The task"), IfNoneMatchHeader),
    responses((status = 200, description = "The task", body = todo_domain::Task, headers(("ETag" = String, description = "The version: `\"v3\"`"))), (status = 304, description = "It still has that version"), ReadProblems)
)]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TaskId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = app.store.task(&caller.sub, id).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    Ok(shown(&found.snapshot.task, &headers))
}
