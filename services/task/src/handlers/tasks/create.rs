//! `POST /v1/tasks`

use axum::extract::State;
use axum::response::Response;
use todo_domain::{FieldChanges, HistoryKind, TaskDraft, TaskSnapshot, Topic};
use todo_kit::auth::Caller;
use todo_kit::http::Json;
use todo_kit::http::idempotency::{Claim, Keyed};
use todo_kit::openapi::{IdempotencyKeyHeader, WriteProblems};
use todo_kit::problem::Problem;

use crate::answer::Answer;
use crate::change::{entry, unless_taken};
use crate::once::Tried;
use crate::store::TaskWrite;
use crate::{App, Record};

/// Make a task
///
/// Makes a task: 201 with `Location` and `ETag`.
#[utoipa::path(
    post,
    path = "/v1/tasks",
    operation_id = "createTask",
    tag = "tasks",
    params(IdempotencyKeyHeader),
    request_body = TaskDraft,
    responses((status = 201, description = "The task", body = todo_domain::Task, headers(("ETag" = String, description = "The version: `\"v3\"`"), ("Location" = String, description = "The path of the new thing"))), WriteProblems)
)]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Keyed {
        claim,
        body: Json(draft),
    }: Keyed<Json<TaskDraft>>,
) -> Result<Response, Problem> {
    let claim = claim.as_ref();
    let attempt = || try_create(&app, &caller, claim, draft.clone());
    app.once(&caller, claim, attempt).await
}

async fn try_create(app: &App, caller: &Caller, claim: Option<&Claim>, draft: TaskDraft) -> Tried {
    let is_place_asked = draft.position.is_some();
    let task = draft.into_task(&caller.sub, app.ids.as_ref(), app.clock.now())?;
    let links = app.links(&caller.sub, None, &task).await?;
    let snapshot = TaskSnapshot {
        task,
        owner_email: caller.email.clone(),
    };
    let event = app.event(Topic::TaskCreated, snapshot.clone(), &[], None);
    let entry = entry(caller, HistoryKind::Created, &event, FieldChanges::new());
    let answer = Answer::created(&snapshot.task);
    let record = claim.map(|claim| Record {
        claim,
        answer: &answer,
    });
    let write = TaskWrite {
        task: &snapshot.task,
        links: links.as_ref(),
        topic: Topic::TaskCreated,
        event: &event,
        entry: &entry,
    };
    let email = snapshot.owner_email.as_deref();
    let written = app.store.create_task(&caller.sub, email, write, record).await?;
    Ok((unless_taken(written, is_place_asked)?, answer))
}
