//! The judge can fail: each thing that must not be, made by hand, is found, and nothing else is.

use super::super::history::Standing;
use super::*;

const TASK: Uuid = Uuid::from_u128(1);

fn effect(event: u128, topic: Topic, version: i64, title: &str) -> Effect {
    Effect {
        event: Uuid::from_u128(event),
        topic,
        task: TASK,
        version,
        title: title.to_owned(),
    }
}

fn accepted(ask: Ask, version: i64) -> Write {
    let outcome = Outcome::Accepted { task: TASK, version };
    Write { ask, outcome }
}

fn rename(title: &str) -> Ask {
    Ask::Rename {
        task: TASK,
        title: title.to_owned(),
    }
}

/// A task that is made, renamed and completed.
fn good() -> History {
    let create = Ask::Create {
        title: "a".to_owned(),
    };
    let complete = Ask::Complete {
        task: TASK,
        version: 2,
    };
    History {
        writes: vec![
            accepted(create, 1),
            accepted(rename("b"), 2),
            accepted(complete, 3),
        ],
        effects: vec![
            effect(1, Topic::TaskCreated, 1, "a"),
            effect(2, Topic::TaskUpdated, 2, "b"),
            effect(3, Topic::TaskCompleted, 3, "b"),
        ],
        standings: vec![Standing {
            task: TASK,
            version: 3,
            title: "b".to_owned(),
        }],
        ..History::default()
    }
}

/// The findings' first words, in order.
fn words(history: &History) -> Vec<String> {
    let findings = judge(history).findings;
    let word = |finding: &Finding| {
        finding
            .to_string()
            .split(':')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    findings.iter().map(word).collect()
}

#[test]
fn a_good_history_has_no_findings() {
    let verdict = judge(&good());
    assert_eq!(verdict.findings, []);
    assert_eq!((verdict.accepted, verdict.effects), (3, 3));
}

#[test]
fn an_accepted_write_without_effect_is_lost() {
    let mut history = good();
    history.effects.remove(1);
    assert_eq!(
        words(&history),
        ["lost", "lost"],
        "the write, and the version between others"
    );
    let mut history = good();
    history.effects.clear();
    assert_eq!(
        words(&history),
        ["lost", "lost", "lost", "lost"],
        "and the task that stands"
    );
}

#[test]
fn two_accepted_writes_of_one_step_are_one_lost() {
    let mut history = good();
    history.writes.push(history.writes[2].clone());
    assert_eq!(words(&history), ["lost"]);
}

#[test]
fn an_effect_that_happens_twice_is_doubled() {
    let mut history = good();
    history.effects.push(history.effects[2].clone());
    assert_eq!(words(&history), ["doubled"], "the same event");
    let mut history = good();
    history.effects.push(effect(9, Topic::TaskCompleted, 3, "b"));
    assert_eq!(words(&history), ["doubled"], "another event of the same version");
}

#[test]
fn a_write_that_was_carried_out_twice_is_doubled() {
    let mut history = good();
    history.effects.push(effect(9, Topic::TaskUpdated, 4, "b"));
    history.standings[0].version = 4;
    assert_eq!(words(&history), ["doubled"]);
}

#[test]
fn an_effect_that_nobody_asked_for_is_unexpected() {
    let mut history = good();
    history.effects.push(effect(9, Topic::TaskUpdated, 4, "c"));
    history.standings[0].version = 4;
    history.standings[0].title = "c".to_owned();
    assert_eq!(words(&history), ["unexpected"]);
    history.writes.push(Write {
        ask: rename("c"),
        outcome: Outcome::Refused,
    });
    assert_eq!(words(&history), ["unexpected"], "a refused write must not happen");
}

#[test]
fn a_write_without_answer_may_have_happened_or_not() {
    let mut history = good();
    history.writes.push(Write {
        ask: rename("c"),
        outcome: Outcome::Unknown,
    });
    let verdict = judge(&history);
    assert_eq!(
        (verdict.findings, verdict.unknown, verdict.recovered),
        (vec![], 1, 0)
    );
    history.effects.push(effect(9, Topic::TaskUpdated, 4, "c"));
    history.standings[0].version = 4;
    history.standings[0].title = "c".to_owned();
    let verdict = judge(&history);
    assert_eq!(
        (verdict.findings, verdict.unknown, verdict.recovered),
        (vec![], 1, 1)
    );
}

#[test]
fn a_later_version_before_an_earlier_one_is_out_of_order_within_a_topic_only() {
    let mut history = good();
    history.effects.swap(1, 2);
    assert_eq!(words(&history), [""; 0], "no order between topics");
    history.writes.insert(2, accepted(rename("c"), 3));
    history.writes[3] = accepted(
        Ask::Complete {
            task: TASK,
            version: 3,
        },
        4,
    );
    history.effects = vec![
        effect(1, Topic::TaskCreated, 1, "a"),
        effect(3, Topic::TaskUpdated, 3, "c"),
        effect(2, Topic::TaskUpdated, 2, "b"),
        effect(4, Topic::TaskCompleted, 4, "c"),
    ];
    history.standings[0].version = 4;
    history.standings[0].title = "c".to_owned();
    assert_eq!(words(&history), ["out of order"]);
}

#[test]
fn a_task_that_stands_otherwise_than_told_is_astray() {
    let mut history = good();
    history.standings[0].title = "z".to_owned();
    assert_eq!(words(&history), ["astray"]);
    history.standings.clear();
    assert_eq!(words(&history), ["astray"], "gone without a word");
    history.writes.push(accepted(
        Ask::Delete {
            task: TASK,
            version: 3,
        },
        3,
    ));
    history.effects.push(effect(9, Topic::TaskDeleted, 3, "b"));
    assert_eq!(words(&history), [""; 0], "deleted and gone");
}

#[test]
fn what_does_not_arrive_is_stuck() {
    let mut history = good();
    history.waiting = 1;
    history.parked = 1;
    history.dead_letters = vec![Uuid::from_u128(1), Uuid::from_u128(77)];
    assert_eq!(
        words(&history),
        ["stuck", "stuck", "stuck"],
        "a letter whose effect happened is none"
    );
}
