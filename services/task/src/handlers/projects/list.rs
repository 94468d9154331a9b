//! `GET /v1/projects`

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use todo_domain::{Project, ProjectId, TaskId};
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::openapi::ReadProblems;
use todo_kit::problem::Problem;
use utoipa::IntoParams;

use crate::App;
use crate::list::{ListKey, Page, Place, Sort, limit, one_more};

/// What a list may be asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Those that are archived, or those that are not; by default all.
    #[param(nullable = false)]
    archived: Option<bool>,
    /// Entries of a page; 50 by default.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next_cursor` of the page before, of the same list.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List projects
///
/// Lists the projects that the caller is a member of, the newest first.
#[utoipa::path(
    get,
    path = "/v1/projects",
    operation_id = "listProjects",
    tag = "projects",
    params(ListQuery),
    responses((status = 200, description = "A page", body = Page<Project>), ReadProblems)
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Project>>, Problem> {
    let limit = limit(query.limit)?;
    let key = ListKey::of(&[&"projects", &query.archived]);
    let after = query
        .cursor
        .map(|cursor| key.read(&cursor, Sort::Created))
        .transpose()?;
    let before = after.map(|place| ProjectId(place.id.0));
    let found = app
        .store
        .projects(&caller.sub, query.archived, before, one_more(limit))
        .await?;
    Ok(Json(Page::of(found, limit, key, |project| Place {
        key: String::new(),
        id: TaskId(project.id.0),
    })))
}
