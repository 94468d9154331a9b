//! `POST /v1/tasks/{id}/move`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use todo_domain::{Position, Task, TaskId, Topic, Violation};
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::Keyed;
use todo_kit::http::{Id, IfMatch, Json};
use todo_kit::openapi::{IdempotencyKeyHeader, IfMatchHeader, WriteProblems};
use todo_kit::problem::{self, Problem};
use utoipa::ToSchema;

use crate::App;
use crate::change::{Change, Plan};
use crate::once::Tried;
use crate::store::Gap;

/// Where a task is to stand.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    /// Behind this task of the same space; `null` for before all others.
    // Named, so that it is not taken for absent, which would mean the same as `null`.
    #[serde(deserialize_with = "Option::deserialize")]
    after: Option<TaskId>,
}

/// Move a task
///
/// Puts a task behind another one, or before all. Of all tasks only this one is written.
#[utoipa::path(
    post,
    path = "/v1/tasks/{id}/move",
    operation_id = "moveTask",
    tag = "tasks",
    params(("id" = TaskId, Path, description = "The task"), IfMatchHeader, IdempotencyKeyHeader),
    request_body = Move,
    responses((status = 200, description = "The task as it is now", body = Task, headers(("ETag" = String, description = "The version: `\"v3\"`"))), WriteProblems)
)]
pub(crate) async fn move_after(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TaskId>,
    if_match: IfMatch,
    Keyed {
        claim,
        body: Json(asked),
    }: Keyed<Json<Move>>,
) -> Result<Response, Problem> {
    let change = Change {
        caller: &caller,
        id,
        if_match: &if_match,
        claim: claim.as_ref(),
    };
    let attempt = || try_move(&app, change, asked);
    app.once(&caller, change.claim, attempt).await
}

async fn try_move(app: &App, change: Change<'_>, asked: Move) -> Tried {
    let gap = app.store.gap(&change.caller.sub, change.id, asked.after).await?;
    let plan = |task: &Task| plan(app, task, gap.as_ref().ok_or_else(unknown)?);
    app.try_change(change, &plan).await
}

fn plan(app: &App, task: &Task, gap: &Gap) -> Result<Plan, Problem> {
    let stands_there = gap.low.as_ref().is_none_or(|low| *low < task.position)
        && gap.high.as_ref().is_none_or(|high| task.position < *high);
    if stands_there {
        return Ok(Plan::Keep);
    }
    let now = app.clock.now();
    let end = Position::at_end(now, app.ids.next());
    let position = match (&gap.low, &gap.high) {
        (Some(low), None) if *low < end => Some(end),
        (low, high) => Position::between(low.as_ref(), high.as_ref()),
    };
    let position = position.ok_or_else(|| {
        Problem::new(problem::CONFLICT).detail("no room is left there; move a neighbour first")
    })?;
    Ok(match task.moved(position, now) {
        None => Plan::Keep,
        Some(next) => Plan::Replace {
            changed: task.changed_fields(&next),
            next: Box::new(next),
            topic: Topic::TaskUpdated,
            occurrence: None,
            is_place_asked: false,
        },
    })
}

fn unknown() -> Problem {
    let detail = "there is no such other task in this space";
    Problem::invalid(vec![Violation::new("/after", "unknown", detail)])
}
