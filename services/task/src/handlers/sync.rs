//! `GET /v1/sync`

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use todo_domain::{ProjectId, Task, TaskId};
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::openapi::{ReadProblems, responses};
use todo_kit::problem::{self, Problem};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::list::{limit, one_more};
use crate::store::SyncChange;
use crate::sync::SyncToken;

/// The route, with its document.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sync))
}

/// From where on changes are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SyncQuery {
    /// `token` of the answer before; without it everything is told.
    #[param(nullable = false)]
    token: Option<String>,
    /// Most changes of an answer; 50 by default.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// What changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changes {
    /// Whether this begins anew: drop what you have.
    full_sync: bool,
    /// Projects that are no longer yours: drop their tasks.
    removed_projects: Vec<ProjectId>,
    /// Tasks that are new or have changed, as they are now.
    changed: Vec<Task>,
    /// Tasks that left a project, or what you have alone.
    removed: Vec<Removed>,
    /// Whether more changes are there already.
    has_more: bool,
    /// Gives what comes next, within 45 days.
    token: String,
}

/// A task that left a space.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Removed {
    /// The task.
    id: TaskId,
    /// The project that it left; `null` for what you have alone. Drop it if you hold it there: it may have come to another.
    project_id: Option<ProjectId>,
}

struct Expired;

impl IntoResponses for Expired {
    fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
        responses(&[problem::SYNC_TOKEN_EXPIRED])
    }
}

/// List what changed
///
/// Tells what changed since the answer that had `token`, in what the caller has alone and in each of their projects. A
/// client that applies every answer has what the lists have.
#[utoipa::path(
    get,
    path = "/v1/sync",
    operation_id = "sync",
    tag = "sync",
    params(SyncQuery),
    responses((status = 200, description = "What changed", body = Changes), Expired, ReadProblems)
)]
pub(crate) async fn sync(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<SyncQuery>,
) -> Result<Json<Changes>, Problem> {
    let (limit, now, user) = (limit(query.limit)?, app.clock.now(), caller.sub.as_str());
    let mut token = match &query.token {
        Some(text) => SyncToken::read(text, user, now)?,
        None => SyncToken::new(now),
    };
    let removed_projects = token.keep(&app.store.memberships(user).await?);
    let mut told = app.store.changes(user, &token.seen, one_more(limit)).await?;
    let has_more = told.len() > limit;
    told.truncate(limit);
    token.advance(&told, !has_more, now);
    let token = token.write(user);
    let (changed, removed) = split(told);
    Ok(Json(Changes {
        full_sync: query.token.is_none(),
        removed_projects,
        changed,
        removed,
        has_more,
        token,
    }))
}

fn split(told: Vec<SyncChange>) -> (Vec<Task>, Vec<Removed>) {
    let (mut changed, mut removed) = (Vec::new(), Vec::new());
    for change in told {
        match change.task {
            Some(task) => changed.push(task),
            None => removed.push(Removed {
                id: change.id,
                project_id: change.space,
            }),
        }
    }
    (changed, removed)
}
