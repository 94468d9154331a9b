//! `POST /v1/trash/{id}/restore`

use axum::extract::State;
use axum::response::Response;
use todo_domain::{HistoryKind, Position, Task, TaskId, TaskSnapshot, Topic};
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::{Keyed, NoBody};
use todo_kit::http::{Id, IfMatch};
use todo_kit::openapi::{IdempotencyKeyHeader, IfMatchHeader, WriteProblems};
use todo_kit::problem::Problem;

use crate::answer::Answer;
use crate::change::{Change, entry};
use crate::once::{Tried, demand};
use crate::store::{Returning, TaskWrite};
use crate::{App, Record};

/// Bring a task back
///
/// Takes a task out of the trash, as its next version. What it referred to and no longer may is left out, and it stands
/// at the end of its list when another task has its place. One event tells of it, `task.updated`.
#[utoipa::path(
    post,
    path = "/v1/trash/{id}/restore",
    operation_id = "restoreTask",
    tag = "trash",
    params(("id" = TaskId, Path, description = "The task"), IfMatchHeader, IdempotencyKeyHeader),
    responses((status = 200, description = "The task as it is now", body = Task, headers(("ETag" = String, description = "The version: `\"v3\"`"))), WriteProblems)
)]
pub(crate) async fn restore(
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
    app.once(&caller, change.claim, || try_restore(&app, change))
        .await
}

async fn try_restore(app: &App, change: Change<'_>) -> Tried {
    let caller = change.caller;
    let found = app.store.trashed(&caller.sub, change.id).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let before = &found.snapshot.task;
    demand(before, change.if_match)?;
    let (next, links) = app.fit(&caller.sub, next(app, &found)).await?;
    let changed = before.changed_fields(&next);
    let snapshot = TaskSnapshot {
        task: next.clone(),
        owner_email: found.snapshot.owner_email.clone(),
    };
    let event = app.event(Topic::TaskUpdated, snapshot, &changed, None);
    let entry = entry(caller, HistoryKind::Restored, &event, before.changes(&next));
    let answer = Answer::shown(&next);
    let record = change.claim.map(|claim| Record {
        claim,
        answer: &answer,
    });
    let write = TaskWrite {
        task: &next,
        links: links.as_ref(),
        topic: Topic::TaskUpdated,
        event: &event,
        entry: &entry,
    };
    let written = app.store.restore_task(&caller.sub, write, record).await?;
    Ok((written, answer))
}

fn next(app: &App, found: &Returning) -> Task {
    let now = app.clock.now();
    let place = found
        .is_place_taken
        .then(|| Position::at_end(now, app.ids.next()));
    found.snapshot.task.restored(&found.known, place, now)
}
