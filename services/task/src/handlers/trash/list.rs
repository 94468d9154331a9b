//! `GET /v1/trash`

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use todo_domain::Task;
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::openapi::ReadProblems;
use todo_kit::problem::Problem;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::list::{ListKey, Page, Place, Sort, limit, one_more};
use crate::store::{TRASH_DAYS, Trashed};

/// What a list may be asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrashQuery {
    /// Entries of a page; 50 by default.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next_cursor` of the page before, of the same list.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// A task in the trash.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrashedTask {
    /// The task as it was.
    task: Task,
    /// When it was deleted.
    deleted_at: Timestamp,
    /// The `sub` of the token of the user who did it.
    deleted_by: String,
    /// From when on it may be purged by itself.
    purge_at: Timestamp,
}

/// List the trash
///
/// Lists the deleted tasks that the caller may bring back, their own and those of projects in which they write; what was
/// deleted last comes first.
#[utoipa::path(
    get,
    path = "/v1/trash",
    operation_id = "listTrash",
    tag = "trash",
    params(TrashQuery),
    responses((status = 200, description = "A page", body = Page<TrashedTask>), ReadProblems)
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<TrashQuery>,
) -> Result<Json<Page<TrashedTask>>, Problem> {
    let limit = limit(query.limit)?;
    let key = ListKey::of(&[&"trash"]);
    // Sorted by an instant, as what is due is.
    let place = |cursor: String| key.read(&cursor, Sort::Due);
    let after = query.cursor.map(place).transpose()?;
    let found = app
        .store
        .trash(&caller.sub, after.as_ref(), one_more(limit))
        .await?;
    let page = Page::of(found, limit, key, |trashed| Place {
        key: trashed.deleted_at.to_string(),
        id: trashed.snapshot.task.id,
    });
    Ok(Json(page.map(shown)))
}

fn shown(trashed: Trashed) -> TrashedTask {
    TrashedTask {
        task: trashed.snapshot.task,
        deleted_at: trashed.deleted_at,
        deleted_by: trashed.deleted_by,
        purge_at: trashed.deleted_at + SignedDuration::from_hours(24 * i64::from(TRASH_DAYS)),
    }
}
