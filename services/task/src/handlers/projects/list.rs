//! `GET /v1/projects`

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use todo_domain::{Project, ProjectId, TaskId};
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::problem::Problem;

use crate::App;
use crate::list::{ListKey, Page, Place, Sort, limit, one_more};

/// What a list may be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    archived: Option<bool>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Lists the projects that the caller is a member of, the newest first.
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
