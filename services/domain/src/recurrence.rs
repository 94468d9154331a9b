//! Recurrence: the rule by which a task comes again; pure.
//!
//! What is stored is civil time, the name of a zone and an RRULE, never instants: nine in the morning stays nine in the
//! morning when clocks change. A rule steps on the wall clock alone, and each of its times becomes an instant at the
//! very end, by the zone. So there is one time zone database (jiff's, built in), and a start in a gap is no error.
//!
//! - [`Recurrence`]: what is stored; [`RecurrenceDraft`]: what somebody asks for.
//! - [`Series`]: a recurrence that was read and checked, and its occurrences.

mod advance;
mod draft;
#[cfg(test)]
mod laws;
mod rule;
mod series;
#[cfg(test)]
mod tests;
mod walk;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use draft::due_required;
pub use draft::{DUE_YEARS_MAX, RecurrenceDraft};
pub use rule::{COUNT_MAX, INTERVAL_MAX, PER_DAY_MAX, RRULE_MAX_BYTES};
pub(crate) use series::is_zone;
pub use series::{DATES_MAX, START_YEARS, Series};

/// How a task comes again, as it is stored and as events and the HTTP API show it.
///
/// Made by [`RecurrenceDraft::validate`]. Reading it back from JSON checks nothing, so that a consumer of events does
/// not depend on the rules of this version; [`Recurrence::series`] does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recurrence {
    /// An RRULE value (RFC 5545, section 3.3.10) in upper case, without `RRULE:` and without `DTSTART`.
    pub rrule: String,
    /// `DTSTART`: from where the rule counts, on the wall clock of `time_zone`, in whole seconds.
    #[schema(value_type = String, example = "2026-11-23T09:00:00")]
    pub start: DateTime,
    /// An IANA name: `Europe/Berlin`.
    pub time_zone: String,
    /// From where the next occurrence is counted.
    pub anchor: Anchor,
    /// What becomes of occurrences that passed while the task was still open.
    pub missed: Missed,
    /// Occurrences of the rule that do not take place (RFC 5545, section 3.8.5.1); sorted, none twice.
    #[schema(value_type = Vec<String>)]
    pub exdates: Vec<DateTime>,
    /// Occurrences beside the rule (RFC 5545, section 3.8.5.2); sorted, none twice. Not counted by `COUNT`.
    #[schema(value_type = Vec<String>)]
    pub rdates: Vec<DateTime>,
    /// How many occurrences were completed so far.
    pub completed: u32,
}

/// From where the next occurrence is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// From the start of the series: every Monday is every Monday.
    #[default]
    Due,
    /// From the completion: "every three days" is three days after it was done, at the time of day of the start. The
    /// next occurrence lies on a later day than the completion (at a later time, for an hourly rule). `COUNT` then
    /// counts completions.
    Completion,
}

/// What becomes of occurrences that passed while the task was still open. Only for [`Anchor::Due`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// Each of them is still to be done: the next occurrence is the one after the present due date.
    All,
    /// Only the last of them is still to be done.
    Latest,
    /// None is: the next occurrence lies in the future.
    Skip,
}

impl Recurrence {
    /// The series to look for occurrences in, or everything that is wrong with it; pointers begin with `/recurrence`.
    pub fn series(&self) -> Result<Series, Vec<crate::Violation>> {
        Series::read(self)
    }
}
