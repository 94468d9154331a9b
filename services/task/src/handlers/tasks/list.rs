//! `GET /v1/tasks`

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use todo_domain::{ProjectId, Status, Task, TaskId};
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::problem::{self, Problem};

use crate::App;
use crate::list::{ListKey, Page, Sort, comparable, limit, one_more};
use crate::store::TaskQuery;

/// What a list may be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    project: Option<ProjectId>,
    /// Several, with commas between them.
    status: Option<String>,
    label: Option<String>,
    parent: Option<TaskId>,
    due_after: Option<Timestamp>,
    due_before: Option<Timestamp>,
    #[serde(default)]
    sort: Sort,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Lists the tasks that the caller has alone, or those of a project; the newest first, unless `sort` says otherwise. A
/// page stays right when tasks come or go between two requests.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<ListQuery>,
) -> Result<Json<Page<Task>>, Problem> {
    let limit = limit(asked.limit)?;
    if asked.label.as_deref().is_some_and(|label| label.contains('\0')) {
        return Err(Problem::new(problem::BAD_REQUEST).detail("no label contains the character U+0000"));
    }
    let cursor = asked.cursor.clone();
    let query = TaskQuery {
        project: asked.project,
        statuses: statuses(asked.status.as_deref())?,
        label: asked.label.map(|label| label.trim().to_owned()),
        parent: asked.parent,
        due_after: asked.due_after.map(comparable),
        due_before: asked.due_before.map(comparable),
        sort: asked.sort,
    };
    let key = ListKey::of(&[&"tasks", &query]);
    let after = cursor.map(|cursor| key.read(&cursor, query.sort)).transpose()?;
    app.see_project(&caller, query.project).await?;
    let found = app
        .store
        .tasks(&caller.sub, &query, after.as_ref(), one_more(limit))
        .await?;
    Ok(Json(Page::of(found, limit, key, |task| query.sort.place(task))))
}

fn statuses(asked: Option<&str>) -> Result<Vec<Status>, Problem> {
    let Some(asked) = asked else { return Ok(Vec::new()) };
    let mut statuses = asked
        .split(',')
        .map(str::parse::<Status>)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Problem::new(problem::BAD_REQUEST).detail(error.to_string()))?;
    // The same filter, however it is written, has the same cursors.
    statuses.sort_unstable();
    statuses.dedup();
    Ok(statuses)
}
