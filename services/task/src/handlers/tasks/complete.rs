//! `POST /v1/tasks/{id}/complete`

use axum::extract::State;
use axum::response::Response;
use todo_domain::{CompleteError, TaskId, Topic};
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::{Keyed, NoBody};
use todo_kit::http::{Id, IfMatch};
use todo_kit::openapi::{IdempotencyKeyHeader, IfMatchHeader, WriteProblems};
use todo_kit::problem::{self, Problem};

use crate::App;
use crate::change::{Change, Plan};

/// Complete a task
///
/// Makes a task done, or moves a recurring one on to its next occurrence; 409 when it is done or cancelled already.
///
/// Either way one event tells of it, `task.completed`.
#[utoipa::path(
    post,
    path = "/v1/tasks/{id}/complete",
    operation_id = "completeTask",
    tag = "tasks",
    params(("id" = TaskId, Path, description = "The task"), IfMatchHeader, IdempotencyKeyHeader),
    responses((status = 200, description = "The task as it is now", body = todo_domain::Task, headers(("ETag" = String, description = "The version: `\"v3\"`"))), WriteProblems)
)]
pub(crate) async fn complete(
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
    app.change(change, |task| match task.completed(app.clock.now()) {
        Ok(completed) => Ok(Plan::Replace {
            changed: task.changed_fields(&completed.task),
            next: completed.task,
            topic: Topic::TaskCompleted,
            occurrence: completed.occurrence,
            is_place_asked: false,
        }),
        Err(CompleteError::Illegal(step)) => {
            Err(Problem::new(problem::ILLEGAL_TRANSITION).detail(step.to_string()))
        }
        Err(CompleteError::Unreadable { violations }) => Err(Problem::invalid(violations)),
    })
    .await
}
