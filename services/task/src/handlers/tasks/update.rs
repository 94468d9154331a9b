//! `PATCH /v1/tasks/{id}`

use axum::extract::State;
use axum::response::Response;
use todo_domain::{PatchError, Patched, TaskId, TaskPatch};
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::Keyed;
use todo_kit::http::{Id, IfMatch, Json};
use todo_kit::openapi::{IdempotencyKeyHeader, IfMatchHeader, WriteProblems};
use todo_kit::problem::{self, Problem};

use crate::App;
use crate::change::{Change, Plan};

/// Change a task
///
/// Changes a task by a JSON merge patch. Without `If-Match` the last writer wins, field by field.
#[utoipa::path(
    patch,
    path = "/v1/tasks/{id}",
    operation_id = "changeTask",
    tag = "tasks",
    params(("id" = TaskId, Path, description = "The task"), IfMatchHeader, IdempotencyKeyHeader),
    request_body(content((TaskPatch = "application/merge-patch+json"), (TaskPatch = "application/json"))),
    responses((status = 200, description = "The task as it is now", body = todo_domain::Task, headers(("ETag" = String, description = "The version: `\"v3\"`"))), WriteProblems)
)]
pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TaskId>,
    if_match: IfMatch,
    Keyed {
        claim,
        body: Json(patch),
    }: Keyed<Json<TaskPatch>>,
) -> Result<Response, Problem> {
    let change = Change {
        caller: &caller,
        id,
        if_match: &if_match,
        claim: claim.as_ref(),
    };
    app.change(change, |task| {
        match patch.apply(task, app.ids.as_ref(), app.clock.now()) {
            Ok(Patched::Unchanged) => Ok(Plan::Keep),
            Ok(Patched::Changed { task: next, changed }) => {
                let topic = Patched::topic(&changed, &next);
                Ok(Plan::Replace {
                    next,
                    topic,
                    changed,
                    occurrence: None,
                    is_place_asked: matches!(patch.position, Some(Some(_))),
                })
            }
            Err(PatchError::Invalid { violations }) => Err(Problem::invalid(violations)),
            Err(PatchError::Illegal(step)) => {
                Err(Problem::new(problem::ILLEGAL_TRANSITION).detail(step.to_string()))
            }
        }
    })
    .await
}
