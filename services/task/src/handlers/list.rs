//! `GET /v1/tasks`

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use todo_domain::{Status, Task};
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::problem::{self, Problem};

use crate::App;
use crate::cursor::Cursor;

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;

/// What a list may be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    status: Option<Status>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// One page.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    items: Vec<Task>,
    /// Gives the next page; `null` on the last.
    next_cursor: Option<String>,
}

/// Lists the caller's tasks, newest first. A page stays right when tasks come or go between two requests.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page>, Problem> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::new(problem::BAD_REQUEST).detail(format!("limit must be 1 to {LIMIT_MAX}")));
    }
    let read =
        |text: &String| Cursor::read(text, query.status).ok_or_else(|| Problem::new(problem::BAD_CURSOR));
    let before = query
        .cursor
        .as_ref()
        .map(read)
        .transpose()?
        .map(|cursor| cursor.last);
    // One more than is shown tells whether there is a next page.
    let more = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut items = app.store.list(&caller.sub, query.status, before, more).await?;
    let has_next = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| has_next).map(|task| Cursor {
        status: query.status,
        last: task.id,
    });
    Ok(Json(Page {
        next_cursor: next.map(|cursor| cursor.to_string()),
        items,
    }))
}
