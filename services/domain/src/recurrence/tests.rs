//! Rules, occurrences and what comes after a completion, as tables.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::{Anchor, Missed, Recurrence, RecurrenceDraft};
use crate::{Reminder, ReminderId};

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

fn violations(draft: &RecurrenceDraft) -> Vec<(String, &'static str)> {
    let mut violations = Vec::new();
    let recurrence = draft.validate(Some(at("2026-11-02T08:00:00Z")), &mut violations);
    assert_eq!(recurrence.is_none(), !violations.is_empty(), "{draft:?}");
    violations
        .into_iter()
        .map(|violation| (violation.pointer, violation.code))
        .collect()
}

/// The first occurrences on the wall clock of the zone, with its offset.
fn preview(draft: &RecurrenceDraft, count: usize) -> Vec<String> {
    let series = valid(draft).series().unwrap();
    let shown = |at: Timestamp| {
        at.to_zoned(series.zone.clone())
            .strftime("%F %H:%M %:z")
            .to_string()
    };
    series.preview(count).into_iter().map(shown).collect()
}

#[test]
fn each_fault_of_a_rule_has_its_code() {
    let long = format!("FREQ=DAILY;BYHOUR={}", "1,".repeat(300));
    let table: [(&str, &[&str]); 29] = [
        ("FREQ=DAILY", &[]),
        ("freq=weekly;byday=mo,+2tu", &["invalid"]),
        ("FREQ=HOURLY;BYHOUR=8,9,10;BYMINUTE=0,30", &[]),
        ("", &["unknown_part", "required"]),
        ("COUNT=3", &["required"]),
        ("RRULE:FREQ=DAILY", &["unknown_part", "required"]),
        ("FREQ=DAILY;FREQ=DAILY", &["duplicate"]),
        ("FREQ=DAILY;X-A=1", &["unknown_part"]),
        ("FREQ=FORTNIGHTLY", &["malformed"]),
        ("FREQ=MINUTELY", &["too_frequent"]),
        ("FREQ=SECONDLY", &["too_frequent"]),
        ("FREQ=HOURLY;BYMINUTE=0,30", &["too_frequent"]),
        (
            "FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,10,20,30,40,50;BYSECOND=0,30",
            &["too_frequent"],
        ),
        ("FREQ=DAILY;COUNT=0", &["out_of_range"]),
        ("FREQ=DAILY;COUNT=10001", &["out_of_range"]),
        ("FREQ=DAILY;INTERVAL=0", &["out_of_range"]),
        ("FREQ=DAILY;INTERVAL=1001", &["out_of_range"]),
        ("FREQ=DAILY;UNTIL=20271231", &["until_not_utc"]),
        ("FREQ=DAILY;UNTIL=20271231T090000", &["until_not_utc"]),
        ("FREQ=DAILY;UNTIL=20271231T090000Z;COUNT=2", &["count_and_until"]),
        ("FREQ=DAILY;UNTIL=20251231T090000Z", &["never"]),
        (
            "FREQ=WEEKLY;BYDAY=XMO,0TU,",
            &["malformed", "malformed", "malformed"],
        ),
        ("FREQ=WEEKLY;BYDAY=ÄMO", &["malformed"]),
        ("FREQ=MONTHLY;BYWEEKNO=3", &["invalid"]),
        ("FREQ=WEEKLY;BYMONTHDAY=3", &["invalid"]),
        ("FREQ=DAILY;BYHOUR=24", &["invalid"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", &["never"]),
        (
            "FREQ=DAILY;COUNT=x;INTERVAL=-1;UNTIL=soon",
            &["out_of_range", "out_of_range", "until_not_utc", "count_and_until"],
        ),
        (&long, &["too_long"]),
    ];
    for (rrule, codes) in table {
        let expected: Vec<_> = codes
            .iter()
            .map(|code| ("/recurrence/rrule".to_owned(), *code))
            .collect();
        assert_eq!(violations(&draft(rrule)), expected, "{rrule}");
    }
}

#[test]
fn every_violation_is_reported_at_once() {
    let everything = RecurrenceDraft {
        time_zone: "Europe/Atlantis".to_owned(),
        start: Some(civil("1999-12-31T09:00:00")),
        exdates: (1..=367)
            .map(|day| civil("2027-01-01T09:00:00").saturating_add(jiff::SignedDuration::from_hours(day)))
            .collect(),
        ..draft("FREQ=MINUTELY")
    };
    let mut violations = Vec::new();
    assert_eq!(everything.validate(None, &mut violations), None);
    let pointers: Vec<_> = violations
        .iter()
        .map(|violation| violation.pointer.as_str())
        .collect();
    let expected = [
        "/due_at",
        "/recurrence/rrule",
        "/recurrence/start",
        "/recurrence/time_zone",
        "/recurrence/exdates",
    ];
    assert_eq!(pointers, expected);
}

#[test]
fn occurrences_keep_their_time_of_day() {
    let table: [(&str, RecurrenceDraft, &[&str]); 8] = [
        (
            "a gap is stepped over, and the day after is as before",
            starting("FREQ=DAILY", "2026-03-07T02:30:00", NEW_YORK),
            &[
                "2026-03-07 02:30 -05:00",
                "2026-03-08 03:30 -04:00",
                "2026-03-09 02:30 -04:00",
            ],
        ),
        (
            "a start in a gap",
            starting("FREQ=DAILY", "2026-03-08T02:30:00", NEW_YORK),
            &["2026-03-08 03:30 -04:00", "2026-03-09 02:30 -04:00"],
        ),
        (
            "of a time that comes twice it is the first",
            starting("FREQ=DAILY", "2026-10-31T01:30:00", NEW_YORK),
            &[
                "2026-10-31 01:30 -04:00",
                "2026-11-01 01:30 -04:00",
                "2026-11-02 01:30 -05:00",
            ],
        ),
        (
            "hours that a gap puts on each other are one",
            starting("FREQ=HOURLY", "2026-03-29T01:30:00", BERLIN),
            &[
                "2026-03-29 01:30 +01:00",
                "2026-03-29 03:30 +02:00",
                "2026-03-29 04:30 +02:00",
            ],
        ),
        (
            "a day that was left out",
            starting("FREQ=DAILY", "2011-12-29T09:00:00", "Pacific/Apia"),
            &[
                "2011-12-29 09:00 -10:00",
                "2011-12-31 09:00 +14:00",
                "2012-01-01 09:00 +14:00",
            ],
        ),
        (
            "the 31st is skipped where a month has none",
            starting("FREQ=MONTHLY", "2027-01-31T09:00:00", BERLIN),
            &[
                "2027-01-31 09:00 +01:00",
                "2027-03-31 09:00 +02:00",
                "2027-05-31 09:00 +02:00",
            ],
        ),
        (
            "the last day, up to the 31st",
            starting(
                "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
                "2027-01-31T09:00:00",
                BERLIN,
            ),
            &[
                "2027-01-31 09:00 +01:00",
                "2027-02-28 09:00 +01:00",
                "2027-03-31 09:00 +02:00",
            ],
        ),
        (
            "UNTIL is an instant, and included",
            starting("FREQ=DAILY;UNTIL=20261103T080000Z", "2026-11-02T09:00:00", BERLIN),
            &["2026-11-02 09:00 +01:00", "2026-11-03 09:00 +01:00"],
        ),
    ];
    for (name, draft, expected) in table {
        let count = if draft.rrule.contains("UNTIL") {
            9
        } else {
            expected.len()
        };
        assert_eq!(preview(&draft, count), expected, "{name}");
    }
}

#[test]
fn dates_are_left_out_and_added() {
    let dated = RecurrenceDraft {
        exdates: vec![civil("2026-11-03T09:00:00"), civil("2026-11-03T10:00:00")],
        rdates: vec![
            civil("2026-11-02T18:00:00"),
            civil("2026-11-04T09:00:00"),
            civil("2026-12-24T18:00:00"),
        ],
        ..draft("FREQ=DAILY;COUNT=3")
    };
    // COUNT counts the one that is left out, and not those that are added.
    let expected = [
        "2026-11-02 09:00 +01:00",
        "2026-11-02 18:00 +01:00",
        "2026-11-04 09:00 +01:00",
        "2026-12-24 18:00 +01:00",
    ];
    assert_eq!(preview(&dated, 9), expected);
}

#[test]
fn what_is_not_said_has_a_default() {
    let unsaid = RecurrenceDraft {
        start: None,
        ..draft(" freq=monthly ")
    };
    let expected = Recurrence {
        rrule: "FREQ=MONTHLY".to_owned(),
        start: civil("2026-11-02T09:00:00"),
        time_zone: BERLIN.to_owned(),
        anchor: Anchor::Due,
        missed: Missed::Latest,
        exdates: Vec::new(),
        rdates: Vec::new(),
        completed: 0,
    };
    assert_eq!(valid(&unsaid), expected);
    let table = [
        ("FREQ=HOURLY", Missed::Skip),
        ("FREQ=DAILY;INTERVAL=2", Missed::Skip),
        ("FREQ=WEEKLY;BYDAY=FR,TH,WE,TU,MO", Missed::Skip),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", Missed::Latest),
        ("FREQ=WEEKLY", Missed::Latest),
        ("FREQ=YEARLY", Missed::Latest),
    ];
    for (rrule, missed) in table {
        assert_eq!(valid(&draft(rrule)).missed, missed, "{rrule}");
        let said = RecurrenceDraft {
            missed: Some(Missed::All),
            ..draft(rrule)
        };
        assert_eq!(valid(&said).missed, Missed::All, "{rrule}");
    }
}

#[test]
fn the_next_due_date_honours_what_was_missed() {
    let due = at("2026-11-02T08:00:00Z");
    let table = [
        (
            "in time",
            "FREQ=DAILY",
            Missed::All,
            "2026-11-02T07:00:00Z",
            Some("2026-11-03T08:00:00Z"),
        ),
        (
            "each missed one",
            "FREQ=DAILY",
            Missed::All,
            "2026-11-09T12:00:00Z",
            Some("2026-11-03T08:00:00Z"),
        ),
        (
            "the latest missed one",
            "FREQ=DAILY",
            Missed::Latest,
            "2026-11-09T12:00:00Z",
            Some("2026-11-09T08:00:00Z"),
        ),
        (
            "none missed",
            "FREQ=DAILY",
            Missed::Latest,
            "2026-11-02T12:00:00Z",
            Some("2026-11-03T08:00:00Z"),
        ),
        (
            "no missed one",
            "FREQ=DAILY",
            Missed::Skip,
            "2026-11-09T12:00:00Z",
            Some("2026-11-10T08:00:00Z"),
        ),
        (
            "early",
            "FREQ=WEEKLY",
            Missed::Skip,
            "2026-10-30T12:00:00Z",
            Some("2026-11-09T08:00:00Z"),
        ),
        (
            "the last",
            "FREQ=DAILY;COUNT=1",
            Missed::All,
            "2026-11-02T12:00:00Z",
            None,
        ),
        (
            "over",
            "FREQ=DAILY;COUNT=3",
            Missed::Skip,
            "2026-11-09T12:00:00Z",
            None,
        ),
        (
            "over, one left",
            "FREQ=DAILY;COUNT=3",
            Missed::Latest,
            "2026-11-09T12:00:00Z",
            Some("2026-11-04T08:00:00Z"),
        ),
        (
            "past UNTIL",
            "FREQ=DAILY;UNTIL=20261103T075959Z",
            Missed::All,
            "2026-11-02T12:00:00Z",
            None,
        ),
    ];
    for (name, rrule, missed, now, expected) in table {
        let recurrence = valid(&RecurrenceDraft {
            missed: Some(missed),
            ..draft(rrule)
        });
        assert_eq!(recurrence.next_due(due, at(now)), Ok(expected.map(at)), "{name}");
    }
}

#[test]
fn the_completion_anchor_counts_from_the_day_it_was_done() {
    let due = at("2026-11-02T08:00:00Z");
    let table = [
        (
            "in time",
            "FREQ=DAILY;INTERVAL=3",
            "2026-11-02T07:00:00Z",
            "2026-11-05T08:00:00Z",
        ),
        (
            "late",
            "FREQ=DAILY;INTERVAL=3",
            "2026-11-10T15:00:00Z",
            "2026-11-13T08:00:00Z",
        ),
        (
            "late, before the time of day",
            "FREQ=DAILY",
            "2026-11-10T05:00:00Z",
            "2026-11-11T08:00:00Z",
        ),
        (
            "late in the evening, the next day in UTC",
            "FREQ=DAILY",
            "2026-11-10T23:30:00Z",
            "2026-11-12T08:00:00Z",
        ),
        (
            "early: not on its own day again",
            "FREQ=WEEKLY;BYDAY=MO",
            "2026-11-01T12:00:00Z",
            "2026-11-09T08:00:00Z",
        ),
        (
            "a month later",
            "FREQ=MONTHLY",
            "2026-11-10T12:00:00Z",
            "2026-12-10T08:00:00Z",
        ),
        (
            "hours later",
            "FREQ=HOURLY;INTERVAL=4",
            "2026-11-02T12:34:56.789Z",
            "2026-11-02T16:34:56Z",
        ),
    ];
    for (name, rrule, now, expected) in table {
        let recurrence = valid(&RecurrenceDraft {
            anchor: Anchor::Completion,
            ..draft(rrule)
        });
        assert_eq!(
            recurrence.next_due(due, at(now)),
            Ok(Some(at(expected))),
            "{name}"
        );
    }
    let counted = valid(&RecurrenceDraft {
        anchor: Anchor::Completion,
        ..draft("FREQ=DAILY;COUNT=2")
    });
    let now = at("2026-11-10T12:00:00Z");
    assert_eq!(counted.next_due(due, now), Ok(Some(at("2026-11-11T08:00:00Z"))));
    assert_eq!(
        Recurrence {
            completed: 1,
            ..counted
        }
        .next_due(due, now),
        Ok(None)
    );
}

#[test]
fn reminders_keep_their_distance_on_the_wall_clock() {
    let recurrence = valid(&starting("FREQ=WEEKLY", "2026-03-23T09:00:00", BERLIN));
    let reminder = |id: u128, text: &str| Reminder {
        id: ReminderId(uuid::Uuid::from_u128(id)),
        at: at(text),
    };
    // A day before at 18:00 and at the due date; clocks go forward on 29 March at 02:00.
    let reminders = [
        reminder(1, "2026-03-22T17:00:00Z"),
        reminder(2, "2026-03-23T08:00:00Z"),
    ];
    let (due, next) = (at("2026-03-23T08:00:00Z"), at("2026-03-30T07:00:00Z"));
    let moved = recurrence.move_reminders(&reminders, due, next).unwrap();
    assert_eq!(
        moved,
        [
            reminder(1, "2026-03-29T16:00:00Z"),
            reminder(2, "2026-03-30T07:00:00Z")
        ]
    );
    // Half past two and half past three are one instant on that day.
    let reminders = [
        reminder(1, "2026-03-22T01:30:00Z"),
        reminder(2, "2026-03-22T02:30:00Z"),
    ];
    let moved = recurrence.move_reminders(&reminders, due, next).unwrap();
    assert_eq!(moved, [reminder(1, "2026-03-29T01:30:00Z")]);
}

#[test]
fn json_is_what_the_contract_says() {
    let json = serde_json::json!({
        "rrule": "FREQ=DAILY", "start": "2026-11-02T09:00:00", "time_zone": "Europe/Berlin", "anchor": "due",
        "missed": "skip", "exdates": ["2026-11-03T09:00:00"], "rdates": [], "completed": 0,
    });
    let recurrence = valid(&RecurrenceDraft {
        exdates: vec![civil("2026-11-03T09:00:00.5")],
        ..draft("FREQ=DAILY")
    });
    assert_eq!(serde_json::to_value(&recurrence).unwrap(), json);
    assert_eq!(serde_json::from_value::<Recurrence>(json).unwrap(), recurrence);
    let unknown = serde_json::json!({"rrule": "FREQ=DAILY", "time_zone": "UTC", "completed": 3});
    assert!(serde_json::from_value::<RecurrenceDraft>(unknown).is_err());
}
