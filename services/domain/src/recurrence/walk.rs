//! The only place that knows the crate `rrule`.
//!
//! It walks on the wall clock, which it takes for UTC: there are no gaps, no zones and no dependence on the machine's
//! zone in what it is asked.

use chrono::DateTime as ChronoDateTime;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rrule::{NWeekday, RRule, RRuleError, Tz, Unvalidated, Weekday};

/// A rule without its end by time, as the crate reads it.
#[derive(Debug, Clone)]
pub(super) struct Steps(RRule<Unvalidated>);

impl Steps {
    /// Reads a rule that has no `UNTIL`; the error says in words which part is not right.
    pub(super) fn read(text: &str) -> Result<Self, RRuleError> {
        let rule: RRule<Unvalidated> = text.parse()?;
        // Of the start only its order with UNTIL is looked at, so any does.
        rule.clone()
            .validate(ChronoDateTime::UNIX_EPOCH.with_timezone(&Tz::UTC))?;
        Ok(Self(rule))
    }

    /// The times from `start` on, in order. Ends where the calendar does, and where none was found for very long.
    pub(super) fn walk(&self, start: DateTime) -> impl Iterator<Item = DateTime> + use<> {
        let set = as_utc(start).and_then(|start| self.0.clone().build(start).ok());
        set.map(|set| (&set.limit()).into_iter())
            .into_iter()
            .flatten()
            .map_while(|at| from_utc(&at))
    }

    /// The same without `COUNT`.
    pub(super) fn endless(&self) -> Self {
        let rule = &self.0;
        // The crate has a way to set the end, and none to take it away; no series gets as far as this one.
        Self(rule.clone().count(u32::MAX))
    }

    /// The most occurrences of one day, when the rule goes through `hours` of it by itself.
    pub(super) fn per_day(&self, hours: usize) -> usize {
        let hours = if self.0.get_by_hour().is_empty() {
            hours
        } else {
            self.0.get_by_hour().len()
        };
        hours * self.0.get_by_minute().len().max(1) * self.0.get_by_second().len().max(1)
    }

    /// Whether it names each day from Monday to Friday.
    pub(super) fn has_all_weekdays(&self) -> bool {
        [
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
        ]
        .into_iter()
        .all(|day| self.0.get_by_weekday().contains(&NWeekday::Every(day)))
    }
}

fn as_utc(at: DateTime) -> Option<ChronoDateTime<Tz>> {
    let second = TimeZone::UTC.to_timestamp(at).ok()?.as_second();
    Some(ChronoDateTime::from_timestamp(second, 0)?.with_timezone(&Tz::UTC))
}

fn from_utc(at: &ChronoDateTime<Tz>) -> Option<DateTime> {
    let instant = Timestamp::from_second(at.timestamp()).ok()?;
    Some(TimeZone::UTC.to_datetime(instant))
}
