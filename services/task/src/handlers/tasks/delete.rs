//! `DELETE /v1/tasks/{id}`

use axum::extract::State;
use axum::response::Response;
use todo_domain::TaskId;
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::{Keyed, NoBody};
use todo_kit::http::{Id, IfMatch};
use todo_kit::openapi::{IdempotencyKeyHeader, IfMatchHeader, WriteProblems};
use todo_kit::problem::Problem;

use crate::App;
use crate::change::{Change, Plan};

/// Delete a task
///
/// Puts a task into the trash: 204, and 404 from then on. It can be brought back for 30 days; 409 when it has subtasks.
#[utoipa::path(
    delete,
    path = "/v1/tasks/{id}",
    operation_id = "deleteTask",
    tag = "tasks",
    params(("id" = TaskId, Path, description = "The task"), IfMatchHeader, IdempotencyKeyHeader),
    responses((status = 204, description = "It is in the trash"), WriteProblems)
)]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TaskId>,
    if_match: IfMatch,
    Keyed { claim, .. }: Keyed<NoBody>,
) -> Result<Response, Problem> {
    let change = Change {
        caller: &caller,
        id,
        if_match: &if_match,
        claim: claim.as_ref(),
    };
    app.change(change, |_| Ok(Plan::Delete)).await
}
