//! What is refused, and what is understood.

use super::*;
use crate::{Anchor, Missed};

fn violations(draft: &RecurrenceDraft) -> Vec<(String, &'static str)> {
    let mut violations = Vec::new();
    let recurrence = draft.validate(Some(at("2026-11-02T08:00:00Z")), &mut violations);
    assert_eq!(recurrence.is_none(), !violations.is_empty(), "{draft:?}");
    violations
        .into_iter()
        .map(|violation| (violation.pointer, violation.code))
        .collect()
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

#[test]
fn a_due_date_is_near_enough_to_its_start_to_be_walked_to() {
    let found = |start: Option<&str>, zone: &str, due: &str| {
        let draft = RecurrenceDraft {
            start: start.map(civil),
            time_zone: zone.to_owned(),
            ..draft("FREQ=HOURLY")
        };
        let mut violations = Vec::new();
        let recurrence = draft.validate(Some(at(due)), &mut violations);
        assert_eq!(recurrence.is_none(), !violations.is_empty(), "{violations:?}");
        let places: Vec<_> = violations.into_iter().map(|it| (it.pointer, it.code)).collect();
        places
    };
    let start = Some("2026-11-02T09:00:00");
    assert_eq!(found(start, BERLIN, "2076-12-31T00:00:00Z"), []);
    for due in ["2077-01-01T00:00:00Z", "9999-01-01T00:00:00Z"] {
        let far = ("/due_at".to_owned(), "too_far");
        assert_eq!(found(start, BERLIN, due), [far], "{due}");
    }
    assert_eq!(found(None, BERLIN, "2150-01-01T00:00:00Z"), []);
    let zone = ("/recurrence/time_zone".to_owned(), "unknown");
    assert_eq!(found(None, "Nowhere", "2150-01-01T00:00:00Z"), [zone]);
}
