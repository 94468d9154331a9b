//! What holds for every recurrence.

use jiff::Timestamp;
use jiff::civil::{self, Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZoneDatabase};
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

use super::{Anchor, Missed, Recurrence, RecurrenceDraft};

fn any_rule() -> impl Strategy<Value = String> {
    let shape = prop::sample::select(vec![
        "FREQ=HOURLY",
        "FREQ=HOURLY;BYHOUR=2,3;BYMINUTE=15,45",
        "FREQ=DAILY",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=WEEKLY;BYDAY=SU;WKST=SU",
        "FREQ=MONTHLY;BYDAY=-1SU",
        "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=3,10",
    ]);
    let end = prop_oneof![
        3 => Just(String::new()),
        1 => (1..50_u32).prop_map(|count| format!(";COUNT={count}")),
        1 => (2025..2030_u32).prop_map(|year| format!(";UNTIL={year}0601T000000Z")),
    ];
    (shape, 1..5_u32, end).prop_map(|(shape, interval, end)| format!("{shape};INTERVAL={interval}{end}"))
}

/// A time in 2024, often in an hour in which some zone changes its clocks.
fn any_start() -> impl Strategy<Value = DateTime> {
    (0..366_i64, 0..24_i64, prop::sample::select(vec![0, 30])).prop_map(|(day, hour, minute)| {
        let minutes = (day * 24 + hour) * 60 + minute;
        civil::date(2024, 1, 1).to_datetime(civil::Time::midnight()) + SignedDuration::from_mins(minutes)
    })
}

fn any_zone() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
    ])
}

fn any_recurrence() -> impl Strategy<Value = Recurrence> {
    let anchor = prop::sample::select(vec![Anchor::Due, Anchor::Completion]);
    let missed = prop::sample::select(vec![Missed::All, Missed::Latest, Missed::Skip]);
    let dates = || prop::collection::vec(any_start(), 0..4);
    (
        any_rule(),
        any_start(),
        any_zone(),
        anchor,
        missed,
        dates(),
        dates(),
    )
        .prop_filter_map(
            "a rule that never comes is refused",
            |(rrule, start, zone, anchor, missed, exdates, rdates)| {
                let draft = RecurrenceDraft {
                    rrule,
                    start: Some(start),
                    time_zone: zone.to_owned(),
                    anchor,
                    missed: Some(missed),
                    exdates,
                    rdates,
                };
                draft.validate(Some(due()), &mut Vec::new())
            },
        )
}

fn due() -> Timestamp {
    "2000-01-02T00:00:00Z".parse().unwrap()
}

/// An instant in 2023 to 2027, in whole seconds.
fn any_instant() -> impl Strategy<Value = Timestamp> {
    (1_672_531_200..1_830_297_600_i64).prop_map(|second| Timestamp::from_second(second).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn each_occurrence_lies_strictly_after_the_one_before(recurrence in any_recurrence()) {
        let occurrences = recurrence.series().unwrap().preview(60);
        prop_assert!(occurrences.is_sorted_by(|a, b| a < b), "{occurrences:?}");
    }

    #[test]
    fn the_next_one_is_the_first_of_all_that_lies_strictly_after(
        recurrence in any_recurrence(), index in 0..60_usize, seconds in -1..2_i64,
    ) {
        let series = recurrence.series().unwrap();
        let occurrences = series.preview(60);
        // All of them can be left out by `exdates`.
        prop_assume!(!occurrences.is_empty());
        // At an occurrence, and a second before and after it: where there is something to get wrong.
        let near = occurrences[index % occurrences.len()];
        let after = near + SignedDuration::from_secs(seconds);
        if let Some(expected) = occurrences.iter().find(|at| **at > after) {
            prop_assert_eq!(series.next_after(after), Some(*expected));
        }
    }

    #[test]
    fn by_completion_the_next_due_date_is_never_in_the_past(
        recurrence in any_recurrence(), due in any_instant(), now in any_instant(),
    ) {
        let recurrence = Recurrence { anchor: Anchor::Completion, ..recurrence };
        if let Some(next) = recurrence.next_due(due, now).unwrap() {
            prop_assert!(next > now && next != due, "{next}");
        }
    }

    #[test]
    fn by_due_date_the_next_one_is_later_and_misses_what_it_should(
        recurrence in any_recurrence(), due in any_instant(), now in any_instant(),
    ) {
        let recurrence = Recurrence { anchor: Anchor::Due, ..recurrence };
        let series = recurrence.series().unwrap();
        let next = recurrence.next_due(due, now).unwrap();
        prop_assert!(next.is_none_or(|next| next > due));
        match recurrence.missed {
            Missed::All => prop_assert_eq!(next, series.next_after(due)),
            Missed::Skip => prop_assert!(next.is_none_or(|next| next > now)),
            Missed::Latest => {
                let following = next.and_then(|next| series.next_after(next));
                prop_assert!(following.is_none_or(|following| following > now));
            }
        }
    }

    #[test]
    fn no_text_breaks_the_reading_of_a_rule(
        text in prop_oneof!["\\PC{0,40}", "(FREQ=(DAILY|YEARLY);)?((BYDAY|BYHOUR|BYSETPOS|COUNT|UNTIL|WKST)=[-+0-9A-ZÄ,]{0,9};?){0,4}"],
    ) {
        let draft = RecurrenceDraft { rrule: text, time_zone: "UTC".to_owned(), ..RecurrenceDraft::default() };
        let mut violations = Vec::new();
        let recurrence = draft.validate(Some(due()), &mut violations);
        prop_assert_eq!(recurrence.is_none(), !violations.is_empty());
    }
}

/// Every zone, from 2000 to 2030. Only the days around each change of the clocks are looked at, at the time of day that
/// the change concerns, half an hour after it: in between nothing can happen, and all days would take minutes.
#[test]
fn a_daily_task_keeps_its_time_of_day_in_every_zone_for_thirty_years() {
    let (first, last) = (civil::date(2000, 1, 1), civil::date(2030, 1, 1));
    let mut changes = 0;
    for name in TimeZoneDatabase::bundled().available() {
        let draft = RecurrenceDraft {
            rrule: "FREQ=DAILY".to_owned(),
            time_zone: name.to_string(),
            ..RecurrenceDraft::default()
        };
        let recurrence = draft.validate(Some(due()), &mut Vec::new()).unwrap();
        let series = recurrence.series().unwrap();
        let from = first.to_zoned(series.zone.clone()).unwrap().timestamp();
        let to = last.to_zoned(series.zone.clone()).unwrap().timestamp();
        let instants = series.zone.following(from).map(|change| change.timestamp());
        for change in instants.take_while(|change| *change < to) {
            changes += 1;
            let before = series.zone.to_datetime(change - SignedDuration::from_secs(1));
            let start = before.saturating_sub(2.days()) + SignedDuration::from_secs(1801);
            let occurrences = series.restarted(start).preview(5);
            for at in &occurrences {
                let shown = series.zone.to_datetime(*at);
                let is_in_gap = |date: Date| {
                    let meant = series.zone.to_ambiguous_timestamp(date.to_datetime(start.time()));
                    matches!(meant.offset(), AmbiguousOffset::Gap { .. })
                };
                // A gap puts it later, which can be after midnight.
                let is_excused = is_in_gap(shown.date()) || is_in_gap(shown.date().yesterday().unwrap());
                assert!(shown.time() == start.time() || is_excused, "{name}: {shown}");
            }
            // One day at most is missing: where a zone left a whole day out.
            let days = occurrences[4].duration_since(occurrences[0]).as_hours() / 24;
            assert!((3..=5).contains(&days), "{name}: {occurrences:?}");
        }
    }
    assert!(
        changes > 10_000,
        "the test should see the changes of the clocks: {changes}"
    );
}

/// The same, day by day, where clocks change twice a year.
#[test]
fn a_daily_task_keeps_its_time_of_day_on_every_day_of_thirty_years() {
    let draft = RecurrenceDraft {
        rrule: "FREQ=DAILY".to_owned(),
        start: Some(civil::datetime(2000, 1, 1, 9, 0, 0, 0)),
        time_zone: "Europe/Berlin".to_owned(),
        ..RecurrenceDraft::default()
    };
    let recurrence = draft.validate(Some(due()), &mut Vec::new()).unwrap();
    let series = recurrence.series().unwrap();
    let mut day = civil::date(2000, 1, 1);
    for at in series.preview(30 * 365) {
        assert_eq!(series.zone.to_datetime(at), day.at(9, 0, 0, 0));
        day = day.tomorrow().unwrap();
    }
    assert_eq!(day.year(), 2029);
}
