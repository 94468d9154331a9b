//! The text of a rule, read and checked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Missed;
use super::walk::Steps;
use crate::Violation;

/// Longest rule, in bytes.
pub const RRULE_MAX_BYTES: usize = 500;
/// Highest `COUNT`: 27 years of days.
pub const COUNT_MAX: u32 = 10_000;
/// Highest `INTERVAL`.
pub const INTERVAL_MAX: u32 = 1_000;
/// Most occurrences of one day: every hour.
pub const PER_DAY_MAX: usize = 24;

const POINTER: &str = "/recurrence/rrule";

/// The parts of RFC 5545, section 3.3.10.
const PARTS: [&str; 14] = [
    "FREQ",
    "UNTIL",
    "COUNT",
    "INTERVAL",
    "BYSECOND",
    "BYMINUTE",
    "BYHOUR",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
    "WKST",
];

/// How often a rule comes, as far as we allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frequency {
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A rule that was read: how it steps and how it ends.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) frequency: Frequency,
    /// `COUNT`.
    pub(super) count: Option<u32>,
    /// `UNTIL`: the last instant.
    pub(super) until: Option<Timestamp>,
    steps: Steps,
}

impl Rule {
    /// Reads `text`, which is in upper case; `None` when something was added to `violations`.
    pub(super) fn read(text: &str, violations: &mut Vec<Violation>) -> Option<Self> {
        if text.len() > RRULE_MAX_BYTES {
            let detail = format!("the rule has {} bytes; {RRULE_MAX_BYTES} is the most", text.len());
            violations.push(Violation::new(POINTER, "too_long", detail));
            return None;
        }
        let mut found = Vec::new();
        let parts = parts_of(text, &mut found);
        let frequency = frequency_of(parts.get("FREQ").copied(), &mut found);
        let count = number_of(&parts, "COUNT", COUNT_MAX, &mut found);
        number_of(&parts, "INTERVAL", INTERVAL_MAX, &mut found);
        let until = until_of(parts.get("UNTIL").copied(), &mut found);
        if parts.contains_key("COUNT") && parts.contains_key("UNTIL") {
            let detail = "COUNT and UNTIL exclude each other";
            found.push(Violation::new(POINTER, "count_and_until", detail));
        }
        validate_days(&parts, frequency, &mut found);
        let rule = match frequency {
            Some(frequency) if found.is_empty() => {
                steps_of(&parts, frequency, &mut found).map(|steps| Self {
                    frequency,
                    count,
                    until,
                    steps,
                })
            }
            _ => None,
        };
        violations.extend(found);
        rule
    }

    /// The times of the rule from `start` on, in order, up to `COUNT`; `UNTIL` is left to the caller, who has the zone.
    pub(super) fn walk(&self, start: DateTime) -> impl Iterator<Item = DateTime> + use<> {
        self.steps.walk(start)
    }

    /// The same rule without `COUNT`.
    pub(super) fn endless(&self) -> Self {
        Self {
            count: None,
            steps: self.steps.endless(),
            ..self.clone()
        }
    }

    /// What nobody chose: what happens every (working) day is over when it was missed, what is rarer is not.
    pub(super) fn missed_by_default(&self) -> Missed {
        match self.frequency {
            Frequency::Hourly | Frequency::Daily => Missed::Skip,
            Frequency::Weekly if self.steps.has_all_weekdays() => Missed::Skip,
            Frequency::Weekly | Frequency::Monthly | Frequency::Yearly => Missed::Latest,
        }
    }
}

fn parts_of<'a>(text: &'a str, violations: &mut Vec<Violation>) -> BTreeMap<&'a str, &'a str> {
    let mut parts = BTreeMap::new();
    for part in text.split(';') {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        // The crate cuts values at byte positions, so nothing but ASCII may reach it.
        let is_readable = value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b",+-".contains(&byte));
        let (code, detail) = if !PARTS.contains(&name) {
            ("unknown_part", format!("{name:?} is not a part of a rule"))
        } else if value.is_empty() || !is_readable {
            ("malformed", format!("{value:?} is not a value of {name}"))
        } else if parts.insert(name, value).is_some() {
            ("duplicate", format!("{name} is there twice"))
        } else {
            continue;
        };
        violations.push(Violation::new(POINTER, code, detail));
    }
    parts
}

fn frequency_of(value: Option<&str>, violations: &mut Vec<Violation>) -> Option<Frequency> {
    let (code, detail) = match value {
        Some("HOURLY") => return Some(Frequency::Hourly),
        Some("DAILY") => return Some(Frequency::Daily),
        Some("WEEKLY") => return Some(Frequency::Weekly),
        Some("MONTHLY") => return Some(Frequency::Monthly),
        Some("YEARLY") => return Some(Frequency::Yearly),
        Some("SECONDLY" | "MINUTELY") => ("too_frequent", "HOURLY is as often as a task can come"),
        Some(_) => ("malformed", "FREQ is HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY"),
        None => ("required", "a rule needs FREQ"),
    };
    violations.push(Violation::new(POINTER, code, detail));
    None
}

fn number_of(
    parts: &BTreeMap<&str, &str>,
    name: &str,
    max: u32,
    violations: &mut Vec<Violation>,
) -> Option<u32> {
    let number = parts
        .get(name)?
        .parse()
        .ok()
        .filter(|number| (1..=max).contains(number));
    if number.is_none() {
        let detail = format!("{name} is 1 to {max}");
        violations.push(Violation::new(POINTER, "out_of_range", detail));
    }
    number
}

/// RFC 5545, section 3.3.10: where the start has a zone, `UNTIL` is in UTC.
fn until_of(value: Option<&str>, violations: &mut Vec<Violation>) -> Option<Timestamp> {
    let read = |text: &str| {
        let at = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
        TimeZone::UTC.to_timestamp(at).ok()
    };
    let until = read(value?);
    if until.is_none() {
        let detail = "UNTIL is an instant in UTC: 20271231T230000Z";
        violations.push(Violation::new(POINTER, "until_not_utc", detail));
    }
    until
}

/// Days are names, with a number before them only where there are several to count: in a month or a year. The crate
/// takes what precedes a name for nothing if it is no number, and counts in weeks too.
fn validate_days(
    parts: &BTreeMap<&str, &str>,
    frequency: Option<Frequency>,
    violations: &mut Vec<Violation>,
) {
    let is_counting = matches!(frequency, None | Some(Frequency::Monthly | Frequency::Yearly))
        && !parts.contains_key("BYWEEKNO");
    for day in parts.get("BYDAY").into_iter().flat_map(|days| days.split(',')) {
        let name = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
            .into_iter()
            .find_map(|name| day.strip_suffix(name));
        let (code, detail) = match name {
            Some("") => continue,
            Some(number) if number.parse::<i16>().is_ok_and(|number| number != 0) => {
                if is_counting {
                    continue;
                }
                (
                    "invalid",
                    format!("{day:?} has a number, which only a month or a year can have"),
                )
            }
            _ => ("malformed", format!("{day:?} is not a day: MO, 1MO and -1MO are")),
        };
        violations.push(Violation::new(POINTER, code, detail));
    }
    if parts.contains_key("BYWEEKNO") && !matches!(frequency, None | Some(Frequency::Yearly)) {
        let detail = "BYWEEKNO goes with FREQ=YEARLY";
        violations.push(Violation::new(POINTER, "invalid", detail));
    }
}

fn steps_of(
    parts: &BTreeMap<&str, &str>,
    frequency: Frequency,
    violations: &mut Vec<Violation>,
) -> Option<Steps> {
    let text: Vec<_> = parts
        .iter()
        .filter(|(name, _)| **name != "UNTIL")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let steps = match Steps::read(&text.join(";")) {
        Ok(steps) => steps,
        Err(error) => {
            violations.push(Violation::new(POINTER, "invalid", error.to_string()));
            return None;
        }
    };
    let per_day = steps.per_day(if frequency == Frequency::Hourly { 24 } else { 1 });
    if per_day > PER_DAY_MAX {
        let detail = format!("the rule comes {per_day} times a day; {PER_DAY_MAX} is the most");
        violations.push(Violation::new(POINTER, "too_frequent", detail));
        return None;
    }
    Some(steps)
}
