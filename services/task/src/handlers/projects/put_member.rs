//! `PUT /v1/projects/{id}/members/{user}`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use todo_domain::{ProjectId, Role, UserId};
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::Keyed;
use todo_kit::http::{Ids, IfMatch, Json};
use todo_kit::openapi::{IdempotencyKeyHeader, IfMatchHeader, WriteProblems};
use todo_kit::problem::Problem;
use utoipa::ToSchema;

use crate::App;
use crate::project_change::{ProjectChange, ProjectPlan, refused};

/// What a member is to be.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Membership {
    /// What the member may do.
    role: Role,
}

/// Make a member
///
/// Makes a user a member, or gives a member another role: 200 with the project.
#[utoipa::path(
    put,
    path = "/v1/projects/{id}/members/{user}",
    operation_id = "putMember",
    tag = "projects",
    params(("id" = ProjectId, Path, description = "The project"), ("user" = String, Path, description = "The `sub` of the user's tokens", min_length = 1, max_length = 255), IfMatchHeader, IdempotencyKeyHeader),
    request_body = Membership,
    responses((status = 200, description = "The project as it is now", body = todo_domain::Project, headers(("ETag" = String, description = "The version: `\"v3\"`"))), WriteProblems)
)]
pub(crate) async fn put_member(
    State(app): State<App>,
    caller: Caller,
    Ids(id, user): Ids<ProjectId, UserId>,
    if_match: IfMatch,
    Keyed {
        claim,
        body: Json(asked),
    }: Keyed<Json<Membership>>,
) -> Result<Response, Problem> {
    let change = ProjectChange {
        caller: &caller,
        id,
        if_match: &if_match,
        claim: claim.as_ref(),
        role: Role::Owner,
    };
    app.change_project(change, |project| {
        let next = project.with_member(&user, asked.role, app.clock.now());
        let next = next.map_err(refused)?;
        Ok(next.map_or(ProjectPlan::Keep, ProjectPlan::Replace))
    })
    .await
}
