use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use todo_domain::Violation;
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::problem::{self, Problem};

use super::App;
use crate::store::{ListedDelivery, Position};

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Deliveries {
    items: Vec<ListedDelivery>,
    next_cursor: Option<String>,
}

/// `GET /v1/notifications?limit&cursor`: the caller's deliveries, the newest first; 50 by default, at most 200.
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
