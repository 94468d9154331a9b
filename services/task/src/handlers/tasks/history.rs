//! `GET /v1/tasks/{id}/history`

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use todo_domain::{HistoryEntry, TaskId};
use todo_kit::auth::Caller;
use todo_kit::http::{Id, Query};
use todo_kit::openapi::ReadProblems;
use todo_kit::problem::Problem;
use utoipa::IntoParams;

use crate::App;
use crate::list::{ListKey, Page, Place, limit, one_more};

/// What a history may be asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Entries of a page; 50 by default.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next_cursor` of the page before, of the same list.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List what became of a task
///
/// Lists who did what with a task and when, the newest first, for 365 days. Whoever may read the task may read all of it.
#[utoipa::path(
    get,
    path = "/v1/tasks/{id}/history",
    operation_id = "listTaskHistory",
    tag = "tasks",
    params(("id" = TaskId, Path, description = "The task"), HistoryQuery),
    responses((status = 200, description = "A page", body = Page<HistoryEntry>), ReadProblems)
)]
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TaskId>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<Page<HistoryEntry>>, Problem> {
    let limit = limit(query.limit)?;
    let key = ListKey::of(&[&"history", &id]);
    let step = |cursor: String| key.read_key(&cursor, |step| step.parse::<i64>().ok());
    let before = query.cursor.map(step).transpose()?;
    if app.store.task(&caller.sub, id).await?.is_none() {
        return Err(Problem::not_found());
    }
    let found = app
        .store
        .history(&caller.sub, id, before, one_more(limit))
        .await?;
    let page = Page::of(found, limit, key, |step| Place {
        key: step.place.to_string(),
        id,
    });
    Ok(Json(page.map(|step| step.entry)))
}
