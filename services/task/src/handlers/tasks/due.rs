//! `GET /v1/tasks/due`

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use todo_domain::{ProjectId, Task};
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::problem::Problem;

use crate::App;
use crate::list::{ListKey, Page, Sort, comparable, limit, one_more};

/// What a list may be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DueQuery {
    from: Timestamp,
    to: Timestamp,
    project: Option<ProjectId>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Lists what is still to be done and due at `from` or later and before `to`, the first of it first: of the tasks that
/// the caller has alone, or of a project.
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
