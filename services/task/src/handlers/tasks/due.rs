//! `GET /v1/tasks/due`

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use todo_domain::{ProjectId, Task};
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::openapi::ReadProblems;
use todo_kit::problem::Problem;
use utoipa::IntoParams;

use crate::App;
use crate::list::{ListKey, Page, Sort, comparable, limit, one_more};

/// What a list may be asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DueQuery {
    /// The first instant.
    from: Timestamp,
    /// The first instant that no longer counts.
    to: Timestamp,
    /// Those of this project; by default those that the caller has alone.
    #[param(nullable = false)]
    project: Option<ProjectId>,
    /// Entries of a page; 50 by default.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next_cursor` of the page before, of the same list.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List what is due
///
/// Lists what is still to be done and due at `from` or later and before `to`, the first of it first: of the tasks that
/// the caller has alone, or of a project.
#[utoipa::path(
    get,
    path = "/v1/tasks/due",
    operation_id = "listDueTasks",
    tag = "tasks",
    params(DueQuery),
    responses((status = 200, description = "A page", body = Page<Task>), ReadProblems)
)]
pub(crate) async fn due(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<DueQuery>,
) -> Result<Json<Page<Task>>, Problem> {
    let limit = limit(query.limit)?;
    let span = (comparable(query.from), comparable(query.to));
    let key = ListKey::of(&[&"due", &span, &query.project]);
    let after = query
        .cursor
        .map(|cursor| key.read(&cursor, Sort::Due))
        .transpose()?;
    app.see_project(&caller, query.project).await?;
    let found = app
        .store
        .due_tasks(&caller.sub, query.project, span, after.as_ref(), one_more(limit))
        .await?;
    Ok(Json(Page::of(found, limit, key, |task| Sort::Due.place(task))))
}
