//! Agreement with python-dateutil: `oracle/generate.py` wrote what is compared here.

use jiff::Timestamp;
use serde::Deserialize;
use todo_domain::{Recurrence, RecurrenceDraft};

/// A recurrence and its first occurrences, at most [`OCCURRENCES`]; fewer when it ends before.
#[derive(Debug, Deserialize)]
struct Case {
    rrule: String,
    start: jiff::civil::DateTime,
    time_zone: String,
    exdates: Vec<jiff::civil::DateTime>,
    rdates: Vec<jiff::civil::DateTime>,
    occurrences: Vec<Timestamp>,
}

/// As in the script.
const OCCURRENCES: usize = 8;

impl Case {
    fn recurrence(&self) -> Option<Recurrence> {
        let draft = RecurrenceDraft {
            rrule: self.rrule.clone(),
            start: Some(self.start),
            time_zone: self.time_zone.clone(),
            exdates: self.exdates.clone(),
            rdates: self.rdates.clone(),
            ..RecurrenceDraft::default()
        };
        draft.validate(Some(Timestamp::UNIX_EPOCH), &mut Vec::new())
    }
}

#[test]
fn the_first_occurrences_are_those_of_dateutil() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("oracle/cases.json")).unwrap();
    assert_eq!(cases.len(), 400);
    let mut wrong = Vec::new();
    for case in &cases {
        let found = case
            .recurrence()
            .map(|recurrence| recurrence.series().unwrap().preview(OCCURRENCES));
        if found.as_ref() != Some(&case.occurrences) {
            wrong.push(format!("{case:#?}\nours: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn each_occurrence_is_the_next_one_after_the_one_before() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("oracle/cases.json")).unwrap();
    for case in cases {
        let series = case.recurrence().unwrap().series().unwrap();
        let ends = case.occurrences.len() < OCCURRENCES;
        let following = case.occurrences.iter().skip(1).copied().map(Some);
        let expected = following.chain(ends.then_some(None));
        for (at, next) in case.occurrences.iter().zip(expected) {
            assert_eq!(series.next_after(*at), next, "{case:?}");
        }
    }
}
