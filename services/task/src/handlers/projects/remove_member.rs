//! `DELETE /v1/projects/{id}/members/{user}`

use axum::extract::State;
use axum::response::Response;
use todo_domain::{ProjectId, Role, UserId};
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::{Keyed, NoBody};
use todo_kit::http::{Ids, IfMatch};
use todo_kit::openapi::{IdempotencyKeyHeader, IfMatchHeader, WriteProblems};
use todo_kit::problem::Problem;

use crate::App;
use crate::project_change::{ProjectChange, ProjectPlan, refused};

/// End a membership
///
/// Ends a membership, that of others or one's own: 204 with the project's new `ETag`.
#[utoipa::path(
    delete,
    path = "/v1/projects/{id}/members/{user}",
    operation_id = "removeMember",
    tag = "projects",
    params(("id" = ProjectId, Path, description = "The project"), ("user" = String, Path, description = "The `sub` of the user's tokens", min_length = 1, max_length = 255), IfMatchHeader, IdempotencyKeyHeader),
    responses((status = 204, description = "It is ended", headers(("ETag" = String, description = "The version: `\"v3\"`"))), WriteProblems)
)]
pub(crate) async fn remove_member(
    State(app): State<App>,
    caller: Caller,
    Ids(id, user): Ids<ProjectId, UserId>,
    if_match: IfMatch,
    Keyed { claim, .. }: Keyed<NoBody>,
) -> Result<Response, Problem> {
    let leaves = user.as_str() == caller.sub;
    let change = ProjectChange {
        caller: &caller,
        id,
        if_match: &if_match,
        claim: claim.as_ref(),
        role: if leaves { Role::Viewer } else { Role::Owner },
    };
    app.change_project(change, |project| {
        let next = project.without_member(&user, app.clock.now());
        Ok(ProjectPlan::Take(next.map_err(refused)?))
    })
    .await
}
