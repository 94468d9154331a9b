//! Rules, occurrences and what comes after a completion, as tables.

mod advance;
mod occurrences;
mod reading;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::{Recurrence, RecurrenceDraft};

const BERLIN: &str = "Europe/Berlin";
const NEW_YORK: &str = "America/New_York";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn civil(text: &str) -> DateTime {
    text.parse().unwrap()
}

/// From 09:00 of Monday 2 November 2026 on, in Berlin.
fn draft(rrule: &str) -> RecurrenceDraft {
    RecurrenceDraft {
        rrule: rrule.to_owned(),
        start: Some(civil("2026-11-02T09:00:00")),
        time_zone: BERLIN.to_owned(),
        ..RecurrenceDraft::default()
    }
}

fn starting(rrule: &str, start: &str, zone: &str) -> RecurrenceDraft {
    RecurrenceDraft {
        start: Some(civil(start)),
        time_zone: zone.to_owned(),
        ..draft(rrule)
    }
}

fn valid(draft: &RecurrenceDraft) -> Recurrence {
    let mut violations = Vec::new();
    let recurrence = draft.validate(Some(at("2026-11-02T08:00:00Z")), &mut violations);
    recurrence.unwrap_or_else(|| panic!("{draft:?}: {violations:?}"))
}
