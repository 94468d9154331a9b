//! `POST /v1/projects`

use axum::extract::State;
use axum::response::Response;
use todo_domain::{ProjectDraft, ProjectId};
use todo_kit::auth::Caller;
use todo_kit::http::Json;
use todo_kit::http::idempotency::{Claim, Keyed};
use todo_kit::openapi::{IdempotencyKeyHeader, WriteProblems};
use todo_kit::problem::Problem;

use crate::answer::Answer;
use crate::once::Tried;
use crate::{App, Record};

/// Make a project
///
/// Makes a project, with the caller as its owner: 201 with `Location` and `ETag`.
#[utoipa::path(
    post,
    path = "/v1/projects",
    operation_id = "createProject",
    tag = "projects",
    params(IdempotencyKeyHeader),
    request_body = ProjectDraft,
    responses((status = 201, description = "The project", body = todo_domain::Project, headers(("ETag" = String, description = "The version: `\"v3\"`"), ("Location" = String, description = "The path of the new thing"))), WriteProblems)
)]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Keyed {
        claim,
        body: Json(draft),
    }: Keyed<Json<ProjectDraft>>,
) -> Result<Response, Problem> {
    let claim = claim.as_ref();
    let attempt = || try_create(&app, &caller, claim, draft.clone());
    app.once(&caller, claim, attempt).await
}

async fn try_create(app: &App, caller: &Caller, claim: Option<&Claim>, draft: ProjectDraft) -> Tried {
    let id = ProjectId(app.ids.next());
    let project = draft.into_project(id, &caller.sub, app.clock.now())?;
    let answer = Answer::created(&project);
    let record = claim.map(|claim| Record {
        claim,
        answer: &answer,
    });
    let written = app.store.create_project(&caller.sub, &project, record).await?;
    Ok((written, answer))
}
