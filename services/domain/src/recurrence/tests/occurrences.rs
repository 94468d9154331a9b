//! When a rule comes, on the wall clock.

use super::*;

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
fn what_a_gap_puts_later_is_still_ahead_just_after_the_gap() {
    let series = valid(&starting("FREQ=DAILY", "2026-03-07T02:30:00", NEW_YORK))
        .series()
        .unwrap();
    // Ten past three: half past two was left out, and comes at half past three.
    let next = series.next_after(at("2026-03-08T07:10:00Z"));
    assert_eq!(next, Some(at("2026-03-08T07:30:00Z")));
    assert_eq!(series.next_after(next.unwrap()), Some(at("2026-03-09T06:30:00Z")));
}
