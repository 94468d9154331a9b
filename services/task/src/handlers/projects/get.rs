//! `GET /v1/projects/{id}`

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use todo_domain::ProjectId;
use todo_kit::auth::Caller;
use todo_kit::http::Id;
use todo_kit::openapi::{IfNoneMatchHeader, ReadProblems};
use todo_kit::problem::Problem;

use crate::App;
use crate::once::shown;

/// Read a project
///
/// Shows a project to its members; 304 when `If-None-Match` has its present version.
#[utoipa::path(
    get,
    path = "/v1/projects/{id}",
    operation_id = "readProject",
    tag = "projects",
    params(("id" = ProjectId, Path, description = "The project"), IfNoneMatchHeader),
    responses((status = 200, description = "The project", body = todo_domain::Project, headers(("ETag" = String, description = "The version: `\"v3\"`"))), (status = 304, description = "It still has that version"), ReadProblems)
)]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ProjectId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = app.store.project(&caller.sub, id).await?;
    Ok(shown(&found.ok_or_else(Problem::not_found)?, &headers))
}
