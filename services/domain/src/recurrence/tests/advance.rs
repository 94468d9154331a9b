//! What comes after a completion.

use super::*;
use crate::{Anchor, Missed, Reminder, ReminderId};

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
