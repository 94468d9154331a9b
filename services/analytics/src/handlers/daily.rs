use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde::{Deserialize, Serialize};
use todo_domain::Violation;
use todo_kit::auth::Caller;
use todo_kit::http::Query;
use todo_kit::openapi::ReadProblems;
use todo_kit::problem::Problem;
use utoipa::{IntoParams, ToSchema};

use super::App;
use crate::fold::utc_day;
use crate::store::Day;

/// Most days that one answer covers.
const DAYS_MAX: i32 = 366;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DailyQuery {
    /// The first day; by default 29 days before `to`.
    #[param(nullable = false, example = "2026-11-01")]
    from: Option<Date>,
    /// The last day, itself included; by default today, or `from` when that lies later.
    #[param(nullable = false, example = "2026-11-30")]
    to: Option<Date>,
}

/// Counts by day.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Daily {
    /// The earliest first; without the days on which nothing happened.
    items: Vec<Day>,
}

/// Count by day
///
/// The caller's counts, both days included; the last 30 days by default, at most 366. Days are days in UTC; those on
/// which nothing happened are left out.
#[utoipa::path(get, path = "/v1/analytics/daily", operation_id = "countByDay", tag = "analytics",
    params(DailyQuery),
    responses((status = 200, description = "The counts", body = Daily), ReadProblems))]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<DailyQuery>,
) -> Result<Json<Daily>, Problem> {
    let (from, to) = query.range(utc_day(app.clock.now())).map_err(Problem::invalid)?;
    let items = app
        .store
        .daily(&caller.sub, from, to)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(Json(Daily { items }))
}

impl DailyQuery {
    /// First and last day, when today is `today`.
    fn range(&self, today: Date) -> Result<(Date, Date), Vec<Violation>> {
        let month: Span = 29.days();
        let to = self
            .to
            .unwrap_or_else(|| self.from.map_or(today, |from| today.max(from)));
        let from = self.from.unwrap_or_else(|| to.saturating_sub(month));
        let refused = |code: &'static str, text: &str| Err(vec![Violation::new("/from", code, text)]);
        if from > to {
            return refused("after_to", "from must not lie after to");
        }
        if (to - from).get_days() >= DAYS_MAX {
            return refused(
                "too_many_days",
                "from and to must not be more than 366 days apart, both included",
            );
        }
        Ok((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_has_defaults_and_bounds() {
        let today: Date = "2026-11-21".parse().unwrap();
        let range = |from: Option<&str>, to: Option<&str>| {
            let date = |text: &str| text.parse::<Date>().unwrap();
            let query = DailyQuery {
                from: from.map(date),
                to: to.map(date),
            };
            let range = query.range(today).map(|(from, to)| format!("{from}/{to}"));
            range.map_err(|violations| violations[0].code)
        };
        for (from, to, expected) in [
            (None, None, "2026-10-23/2026-11-21"),
            (Some("2026-11-01"), None, "2026-11-01/2026-11-21"),
            (None, Some("2026-01-30"), "2026-01-01/2026-01-30"),
            (Some("2026-11-21"), Some("2026-11-21"), "2026-11-21/2026-11-21"),
            (Some("2027-01-01"), None, "2027-01-01/2027-01-01"),
            (Some("2024-01-01"), Some("2024-12-31"), "2024-01-01/2024-12-31"),
        ] {
            assert_eq!(range(from, to).unwrap(), expected);
        }
        assert_eq!(
            range(Some("2026-11-22"), Some("2026-11-21")).unwrap_err(),
            "after_to"
        );
        assert_eq!(
            range(Some("2025-01-01"), Some("2026-01-02")).unwrap_err(),
            "too_many_days"
        );
    }
}
