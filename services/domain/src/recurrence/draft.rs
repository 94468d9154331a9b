//! A recurrence that somebody asks for.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{DateTime, DateTimeRound};
use jiff::tz::TimeZone;
use jiff::{RoundMode, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::series::{find_zone, wall_clock};
use super::{Anchor, Missed, Recurrence};
use crate::Violation;

/// Most years that a due date may lie behind the start of its series. What comes next is found by walking there, so this
/// bounds what one request can cost: 50 years of hours are a tenth of a second.
pub const DUE_YEARS_MAX: i16 = 50;

/// A recurrence that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecurrenceDraft {
    /// An RRULE value (RFC 5545, section 3.3.10), without `RRULE:` and without `DTSTART`: `FREQ=WEEKLY;BYDAY=MO`.
    ///
    /// `UNTIL` in UTC: `20271231T230000Z`. At most 24 times a day.
    pub rrule: String,
    /// From where the rule counts; the due date on the zone's wall clock by default. Cut to seconds.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "2026-11-23T09:00:00")]
    pub start: Option<DateTime>,
    /// An IANA name: `Europe/Berlin`.
    pub time_zone: String,
    /// `due` by default.
    #[serde(default)]
    pub anchor: Anchor,
    /// By default `skip` for rules of every (working) day or hour, otherwise `latest`: a daily exercise that was missed
    /// is over, a monthly rent is not.
    #[serde(default)]
    pub missed: Option<Missed>,
    /// At most 366, on the zone's wall clock. One that is no occurrence has no effect.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 366)]
    pub exdates: Vec<DateTime>,
    /// At most 366, on the zone's wall clock.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 366)]
    pub rdates: Vec<DateTime>,
}

impl RecurrenceDraft {
    /// The recurrence of a task that is due at `due_at`; `None` when something was added to `violations`.
    pub fn validate(&self, due_at: Option<Timestamp>, violations: &mut Vec<Violation>) -> Option<Recurrence> {
        if due_at.is_none() {
            violations.push(due_required());
        }
        let by_due = || Some(wall_clock(&find_zone(&self.time_zone)?, due_at?));
        let known_start = self.start.or_else(by_due);
        // Without either, the rest is still looked at, with any start.
        let start = known_start.unwrap_or(DateTime::constant(2000, 1, 1, 0, 0, 0, 0));
        let mut recurrence = Recurrence {
            rrule: self.rrule.trim().to_ascii_uppercase(),
            start: to_second(start),
            time_zone: self.time_zone.clone(),
            anchor: self.anchor,
            missed: Missed::Latest,
            exdates: sorted(&self.exdates),
            rdates: sorted(&self.rdates),
            completed: 0,
        };
        let far = known_start
            .and(due_at)
            .and_then(|due_at| recurrence.due_too_far(due_at));
        let is_near = far.is_none();
        violations.extend(far);
        match recurrence.series() {
            Ok(series) => {
                recurrence.missed = self.missed.unwrap_or_else(|| series.missed_by_default());
                due_at.filter(|_| is_near).map(|_| recurrence)
            }
            Err(found) => {
                violations.extend(found);
                None
            }
        }
    }
}

impl Recurrence {
    /// What is wrong with a due date that the rule would have to walk to for too long.
    pub(crate) fn due_too_far(&self, due_at: Timestamp) -> Option<Violation> {
        let years = TimeZone::UTC.to_datetime(due_at).year() - self.start.year();
        let detail = || {
            format!(
                "a recurring task is due within {DUE_YEARS_MAX} years of its start; let the recurrence start later"
            )
        };
        (years > DUE_YEARS_MAX).then(|| Violation::new("/due_at", "too_far", detail()))
    }
}

/// What is wrong with a recurring task that has no due date.
pub(crate) fn due_required() -> Violation {
    Violation::new("/due_at", "required", "a recurring task needs a due date")
}

fn sorted(dates: &[DateTime]) -> Vec<DateTime> {
    let dates: BTreeSet<_> = dates.iter().map(|date| to_second(*date)).collect();
    dates.into_iter().collect()
}

fn to_second(at: DateTime) -> DateTime {
    let cut = DateTimeRound::new().smallest(Unit::Second).mode(RoundMode::Trunc);
    at.round(cut).unwrap_or(at)
}
