//! `PATCH /v1/projects/{id}`

use axum::extract::State;
use axum::response::Response;
use todo_domain::{ProjectId, ProjectPatch, Role};
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::Keyed;
use todo_kit::http::{Id, IfMatch, Json};
use todo_kit::openapi::{IdempotencyKeyHeader, IfMatchHeader, WriteProblems};
use todo_kit::problem::Problem;

use crate::App;
use crate::project_change::{ProjectChange, ProjectPlan};

/// Change a project
///
/// Changes a project by a JSON merge patch.
#[utoipa::path(
    patch,
    path = "/v1/projects/{id}",
    operation_id = "changeProject",
    tag = "projects",
    params(("id" = ProjectId, Path, description = "The project"), IfMatchHeader, IdempotencyKeyHeader),
    request_body(content((ProjectPatch = "application/merge-patch+json"), (ProjectPatch = "application/json"))),
    responses((status = 200, description = "The project as it is now", body = todo_domain::Project, headers(("ETag" = String, description = "The version: `\"v3\"`"))), WriteProblems)
)]
pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ProjectId>,
    if_match: IfMatch,
    Keyed {
        claim,
        body: Json(patch),
    }: Keyed<Json<ProjectPatch>>,
) -> Result<Response, Problem> {
    let change = ProjectChange {
        caller: &caller,
        id,
        if_match: &if_match,
        claim: claim.as_ref(),
        role: Role::Owner,
    };
    app.change_project(change, |project| {
        let next = patch.apply(project, app.clock.now())?;
        Ok(next.map_or(ProjectPlan::Keep, ProjectPlan::Replace))
    })
    .await
}
