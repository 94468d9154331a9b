use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use todo_domain::Violation;
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::openapi::ReadProblems;
use todo_kit::problem::{self, Problem};
use utoipa::{IntoParams, ToSchema};

use super::App;
use crate::store::{ListedDelivery, Position};

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Deliveries on a page; 50 by default.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// One page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Deliveries {
    /// The newest first.
    items: Vec<ListedDelivery>,
    /// Gives the next page; `null` on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List deliveries
///
/// What was or will be sent to the caller, the newest first.
#[utoipa::path(get, path = "/v1/notifications", operation_id = "listDeliveries", tag = "notifications",
    params(ListQuery),
    responses((status = 200, description = "A page", body = Deliveries), ReadProblems))]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Deliveries>, Problem> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let rule = format!("must be 1 to {LIMIT_MAX}");
        return Err(Problem::invalid(vec![Violation::new(
            "/limit",
            "out_of_range",
            rule,
        )]));
    }
    let after = match &query.cursor {
        Some(cursor) => Some(Position::read(cursor).ok_or_else(|| Problem::new(problem::BAD_CURSOR))?),
        None => None,
    };
    let page = app
        .store
        .list(&caller.sub, limit, after)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(Json(Deliveries {
        items: page.items,
        next_cursor: page.next.map(Position::written),
    }))
}
