//! A recurrence that was read and checked, and its occurrences.

use std::collections::BTreeSet;
use std::iter;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use super::rule::{Frequency, Rule};
use super::{Missed, Recurrence};
use crate::Violation;

/// Most dates in `exdates`, and most in `rdates`.
pub const DATES_MAX: usize = 366;
/// The years in which a series can start. Finding an occurrence walks there from the start, so it must not be far: every
/// hour of 26 years take 0.1 s.
pub const START_YEARS: RangeInclusive<i16> = 2000..=2199;

/// Longer than any clock was ever put forward: whole days were left out west of the date line.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(25);

/// Built in, so that every replica answers the same, whatever its machine has.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A recurrence that was read and checked.
///
/// Its occurrences are the times of the rule and `rdates`, without `exdates`, each on the zone's wall clock. A time in a
/// gap is read with the offset from before the gap (RFC 5545, section 3.3.5), so 02:30 becomes 03:30 on that day; one
/// that comes twice is its first. An occurrence that a gap puts onto or behind another one is left out, so each lies
/// strictly after the one before. An hourly rule steps on the wall clock too: it is silent in the hour that comes again.
#[derive(Debug, Clone)]
pub struct Series {
    pub(super) rule: Rule,
    pub(super) start: DateTime,
    pub(super) zone: TimeZone,
    exdates: BTreeSet<DateTime>,
    rdates: BTreeSet<DateTime>,
}

impl Series {
    pub(super) fn read(recurrence: &Recurrence) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        let rule = Rule::read(&recurrence.rrule, &mut violations);
        if !START_YEARS.contains(&recurrence.start.year()) {
            let detail = format!(
                "a series starts in {} to {}",
                START_YEARS.start(),
                START_YEARS.end()
            );
            violations.push(Violation::new("/recurrence/start", "out_of_range", detail));
        }
        let zone = find_zone(&recurrence.time_zone);
        if zone.is_none() {
            let detail = format!("{:?} is not a zone of the IANA database", recurrence.time_zone);
            violations.push(Violation::new("/recurrence/time_zone", "unknown", detail));
        }
        for (name, dates) in [("exdates", &recurrence.exdates), ("rdates", &recurrence.rdates)] {
            if dates.len() > DATES_MAX {
                let detail = format!("{} {name}; {DATES_MAX} is the most", dates.len());
                violations.push(Violation::new(format!("/recurrence/{name}"), "too_many", detail));
            }
        }
        let (Some(rule), Some(zone), true) = (rule, zone, violations.is_empty()) else {
            return Err(violations);
        };
        let series = Self {
            rule,
            start: recurrence.start,
            zone,
            exdates: recurrence.exdates.iter().copied().collect(),
            rdates: recurrence.rdates.iter().copied().collect(),
        };
        if series.times_of_rule().next().is_none() {
            let detail = "the rule gives no occurrence from the start on";
            return Err(vec![Violation::new("/recurrence/rrule", "never", detail)]);
        }
        Ok(series)
    }

    /// The first occurrence strictly after `after`; `None` when the series has ended.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        self.after(after).next()
    }

    /// The first `count` occurrences; fewer when the series ends before.
    pub fn preview(&self, count: usize) -> Vec<Timestamp> {
        self.from(DateTime::MIN).take(count).collect()
    }

    /// The occurrences strictly after `after`, in order.
    pub(super) fn after(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> {
        let near = wall_clock(&self.zone, after).saturating_sub(LONGEST_GAP);
        self.from(near).skip_while(move |at| *at <= after)
    }

    /// The same rule without `COUNT`, counted from another start.
    pub(super) fn restarted(&self, start: DateTime) -> Self {
        Self {
            rule: self.rule.endless(),
            start,
            ..self.clone()
        }
    }

    pub(super) fn missed_by_default(&self) -> Missed {
        self.rule.missed_by_default()
    }

    pub(super) fn is_hourly(&self) -> bool {
        self.rule.frequency == Frequency::Hourly
    }

    /// The occurrences whose time on the wall clock is at least `from`, in order.
    fn from(&self, from: DateTime) -> impl Iterator<Item = Timestamp> {
        let mut by_rule = self.times_of_rule().peekable();
        let mut by_date = self.rdates.iter().copied().peekable();
        let merged = iter::from_fn(move || match (by_rule.peek(), by_date.peek()) {
            (Some(of_rule), Some(date)) if date < of_rule => by_date.next(),
            (None, _) => by_date.next(),
            _ => by_rule.next(),
        });
        let mut last = None;
        merged
            .filter(move |time| *time >= from && !self.exdates.contains(time))
            .map_while(|time| self.instant(time))
            .filter(move |at| {
                let is_later = last.is_none_or(|last| *at > last);
                if is_later {
                    last = Some(*at);
                }
                is_later
            })
    }

    /// The times of the rule up to its end, in order.
    fn times_of_rule(&self) -> impl Iterator<Item = DateTime> {
        self.rule.walk(self.start).take_while(|time| {
            let Some(until) = self.rule.until else { return true };
            self.instant(*time).is_some_and(|at| at <= until)
        })
    }

    /// `None` beyond the end of the calendar.
    pub(super) fn instant(&self, time: DateTime) -> Option<Timestamp> {
        self.zone.to_ambiguous_timestamp(time).compatible().ok()
    }
}

/// The zone of that IANA name.
pub(super) fn find_zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

/// Whether there is a zone of that IANA name.
pub(crate) fn is_zone(name: &str) -> bool {
    find_zone(name).is_some()
}

/// What the zone's clocks show at `at`.
pub(super) fn wall_clock(zone: &TimeZone, at: Timestamp) -> DateTime {
    zone.to_datetime(at)
}
