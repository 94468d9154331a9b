//! `DELETE /v1/trash/{id}`

use axum::extract::State;
use axum::response::Response;
use todo_domain::TaskId;
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::{Claim, Keyed, NoBody};
use todo_kit::http::{Id, IfMatch};
use todo_kit::openapi::{IdempotencyKeyHeader, IfMatchHeader, WriteProblems};
use todo_kit::problem::Problem;

use crate::answer::Answer;
use crate::once::{Tried, demand};
use crate::{App, Record};

/// Purge a task
///
/// Takes a task out of the trash for good, with its history: 204.
#[utoipa::path(
    delete,
    path = "/v1/trash/{id}",
    operation_id = "purgeTask",
    tag = "trash",
    params(("id" = TaskId, Path, description = "The task"), IfMatchHeader, IdempotencyKeyHeader),
    responses((status = 204, description = "It is gone"), WriteProblems)
)]
pub(crate) async fn purge(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TaskId>,
    if_match: IfMatch,
    Keyed { claim, .. }: Keyed<NoBody>,
) -> Result<Response, Problem> {
    let claim = claim.as_ref();
    let attempt = || try_purge(&app, &caller, id, &if_match, claim);
    app.once(&caller, claim, attempt).await
}

async fn try_purge(
    app: &App,
    caller: &Caller,
    id: TaskId,
    if_match: &IfMatch,
    claim: Option<&Claim>,
) -> Tried {
    let found = app.store.trashed(&caller.sub, id).await?;
    let task = found.ok_or_else(Problem::not_found)?.snapshot.task;
    demand(&task, if_match)?;
    let answer = Answer::deleted();
    let record = claim.map(|claim| Record {
        claim,
        answer: &answer,
    });
    let written = app.store.purge_task(&caller.sub, &task, record).await?;
    Ok((written, answer))
}
