//! `DELETE /v1/projects/{id}`

use axum::extract::State;
use axum::response::Response;
use todo_domain::{ProjectId, Role};
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::{Keyed, NoBody};
use todo_kit::http::{Id, IfMatch};
use todo_kit::openapi::{IdempotencyKeyHeader, IfMatchHeader, WriteProblems};
use todo_kit::problem::Problem;

use crate::App;
use crate::project_change::{ProjectChange, ProjectPlan};

/// Delete a project
///
/// Deletes a project without tasks, and purges what is in its trash: 204, and 404 from then on; 409 when it has tasks.
#[utoipa::path(
    delete,
    path = "/v1/projects/{id}",
    operation_id = "deleteProject",
    tag = "projects",
    params(("id" = ProjectId, Path, description = "The project"), IfMatchHeader, IdempotencyKeyHeader),
    responses((status = 204, description = "It is gone"), WriteProblems)
)]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ProjectId>,
    if_match: IfMatch,
    Keyed { claim, .. }: Keyed<NoBody>,
) -> Result<Response, Problem> {
    let change = ProjectChange {
        caller: &caller,
        id,
        if_match: &if_match,
        claim: claim.as_ref(),
        role: Role::Owner,
    };
    app.change_project(change, |_| Ok(ProjectPlan::Delete)).await
}
