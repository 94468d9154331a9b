//! `GET /v1/tasks`

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use todo_domain::{ProjectId, Status, Task, TaskId};
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::openapi::ReadProblems;
use todo_kit::problem::{self, Problem};
use utoipa::IntoParams;

use crate::App;
use crate::list::{ListKey, Page, Sort, comparable, limit, one_more};
use crate::store::TaskQuery;

/// What a list may be asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Those of this project; by default those that the caller has alone.
    #[param(nullable = false)]
    project: Option<ProjectId>,
    /// Those with one of these statuses, with commas between them.
    #[param(
        nullable = false,
        example = "open,in_progress",
        pattern = "^(open|in_progress|waiting|done|cancelled)(,(open|in_progress|waiting|done|cancelled))*$"
    )]
    status: Option<String>,
    /// Those with this label.
    #[param(nullable = false)]
    label: Option<String>,
    /// The parts of this task.
    #[param(nullable = false)]
    parent: Option<TaskId>,
    /// Those that are due then or later.
    #[param(nullable = false)]
    due_after: Option<Timestamp>,
    /// Those that are due before then.
    #[param(nullable = false)]
    due_before: Option<Timestamp>,
    /// The order.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// Entries of a page; 50 by default.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next_cursor` of the page before, of the same list.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List tasks
///
/// Lists the tasks that the caller has alone, or those of a project; the newest first, unless `sort` says otherwise. A
/// page stays right when tasks come or go between two requests.
#[utoipa::path(
    get,
    path = "/v1/tasks",
    operation_id = "listTasks",
    tag = "tasks",
    params(ListQuery),
    responses((status = 200, description = "A page", body = Page<Task>), ReadProblems)
)]
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
