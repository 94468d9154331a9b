//! What a history amounts to, in the words of Jepsen's total-queue checker: lost, doubled, unexpected, recovered.
//!
//! - An accepted write is *lost* when no effect tells of it, or when a version before another one has none.
//! - An effect is *doubled* when an event, or a version of a task, has two; a write, when it made two versions.
//! - An effect is *unexpected* when no write asked for it, or only writes that were refused.
//! - A write whose answer never came is *recovered* when its effect is there. It need not be.
//! - Order is broken when, within one topic, a task's later version takes effect before an earlier one. Between topics
//!   there is no order to keep: no broker keeps it, and consumers go by the version.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use todo_domain::Topic;
use uuid::Uuid;

use super::history::{Ask, Effect, History, Outcome, Write};

/// One cause has many findings.
const FINDINGS_SHOWN: usize = 20;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Writes that were accepted.
    pub accepted: usize,
    /// Writes that were refused.
    pub refused: usize,
    /// Writes whose answer never came.
    pub unknown: usize,
    /// How many of those have happened.
    pub recovered: usize,
    /// Effects.
    pub effects: usize,
    /// Deliveries that had no effect, because the event had had it before.
    pub repeats: i64,
    /// What must not be. Empty when the proof holds.
    pub findings: Vec<Finding>,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An accepted write, or a version between others, without an effect.
    Lost(String),
    /// Two effects of one happening, or two happenings of one write.
    Doubled(String),
    /// An effect that nobody asked for, or whose request was refused.
    Unexpected(String),
    /// Two effects the wrong way round.
    Disordered(String),
    /// A task that stands otherwise than its last event says.
    Astray(String),
    /// Events that got stuck on their way.
    Stuck(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, text) = match self {
            Self::Lost(text) => ("lost", text),
            Self::Doubled(text) => ("doubled", text),
            Self::Unexpected(text) => ("unexpected", text),
            Self::Disordered(text) => ("out of order", text),
            Self::Astray(text) => ("astray", text),
            Self::Stuck(text) => ("stuck", text),
        };
        write!(f, "{word}: {text}")
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |is: fn(&Finding) -> bool| self.findings.iter().filter(|finding| is(finding)).count();
        write!(
            f,
            "{} accepted, {} refused, {} unknown ({} recovered), {} effects, {} repeats: {} lost, {} doubled, {} unexpected, \
             {} out of order, {} astray, {} stuck",
            self.accepted,
            self.refused,
            self.unknown,
            self.recovered,
            self.effects,
            self.repeats,
            count(|finding| matches!(finding, Finding::Lost(_))),
            count(|finding| matches!(finding, Finding::Doubled(_))),
            count(|finding| matches!(finding, Finding::Unexpected(_))),
            count(|finding| matches!(finding, Finding::Disordered(_))),
            count(|finding| matches!(finding, Finding::Astray(_))),
            count(|finding| matches!(finding, Finding::Stuck(_))),
        )?;
        let shown = self.findings.iter().take(FINDINGS_SHOWN);
        shown
            .into_iter()
            .try_for_each(|finding| write!(f, "\n  {finding}"))?;
        match self.findings.len().saturating_sub(FINDINGS_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

/// Judges a history whose faults are over and whose events had time to arrive.
pub fn judge(history: &History) -> Verdict {
    let count = |is: fn(&Outcome) -> bool| history.writes.iter().filter(|write| is(&write.outcome)).count();
    let mut verdict = Verdict {
        accepted: count(|outcome| matches!(outcome, Outcome::Accepted { .. })),
        refused: count(|outcome| matches!(outcome, Outcome::Refused)),
        unknown: count(|outcome| matches!(outcome, Outcome::Unknown)),
        effects: history.effects.len(),
        repeats: history.repeats,
        ..Verdict::default()
    };
    writes(history, &mut verdict);
    expected(history, &mut verdict.findings);
    doubled(&history.effects, &mut verdict.findings);
    gaps(&history.effects, &mut verdict.findings);
    order(&history.effects, &mut verdict.findings);
    standings(history, &mut verdict.findings);
    stuck(history, &mut verdict.findings);
    verdict
}

/// What a request asks for, and what an event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening<'a> {
    Created(&'a str),
    Renamed(Uuid, &'a str),
    /// The version afterwards.
    Completed(Uuid, i64),
    /// The last version.
    Deleted(Uuid, i64),
    Foreign,
}

impl<'a> From<&'a Ask> for Happening<'a> {
    fn from(ask: &'a Ask) -> Self {
        match ask {
            Ask::Create { title } => Self::Created(title),
            Ask::Rename { task, title } => Self::Renamed(*task, title),
            Ask::Complete { task, version } => Self::Completed(*task, version + 1),
            Ask::Delete { task, version } => Self::Deleted(*task, *version),
        }
    }
}

impl<'a> From<&'a Effect> for Happening<'a> {
    fn from(effect: &'a Effect) -> Self {
        match effect.topic {
            Topic::TaskCreated => Self::Created(&effect.title),
            Topic::TaskUpdated => Self::Renamed(effect.task, &effect.title),
            Topic::TaskCompleted => Self::Completed(effect.task, effect.version),
            Topic::TaskDeleted => Self::Deleted(effect.task, effect.version),
            _ => Self::Foreign,
        }
    }
}

/// Every accepted write has its effect, and no write more than one version.
fn writes(history: &History, verdict: &mut Verdict) {
    let mut made = BTreeMap::<Happening<'_>, BTreeSet<(Uuid, i64)>>::new();
    for effect in &history.effects {
        let versions = made.entry(effect.into()).or_default();
        versions.insert((effect.task, effect.version));
    }
    for (happening, versions) in made.iter().filter(|(_, versions)| versions.len() > 1) {
        let text = format!("{happening:?} made {versions:?}");
        verdict.findings.push(Finding::Doubled(text));
    }
    let mut taken = BTreeSet::new();
    for write in &history.writes {
        if let Outcome::Accepted { task, version } = write.outcome {
            let happening = Happening::from(&write.ask);
            let has_effect = made
                .get(&happening)
                .is_some_and(|versions| versions.contains(&(task, version)));
            // Two that ask for the same step of the same version cannot both have taken it.
            if !taken.insert(happening) || !has_effect {
                verdict.findings.push(Finding::Lost(format!("{write:?}")));
            }
        }
    }
    let is_recovered = |write: &&Write| {
        let happening = Happening::from(&write.ask);
        write.outcome == Outcome::Unknown && made.contains_key(&happening) && !taken.contains(&happening)
    };
    verdict.recovered = history.writes.iter().filter(is_recovered).count();
}

/// Somebody asked for every effect, and was not refused.
fn expected(history: &History, findings: &mut Vec<Finding>) {
    let possible = history
        .writes
        .iter()
        .filter(|write| write.outcome != Outcome::Refused);
    let asked: BTreeSet<Happening<'_>> = possible.map(|write| (&write.ask).into()).collect();
    let unexpected = history
        .effects
        .iter()
        .filter(|effect| !asked.contains(&(*effect).into()));
    findings.extend(unexpected.map(|effect| Finding::Unexpected(effect.to_string())));
}

fn doubled(effects: &[Effect], findings: &mut Vec<Finding>) {
    let (mut events, mut steps) = (BTreeSet::new(), BTreeSet::new());
    for effect in effects {
        let is_new_event = events.insert(effect.event);
        let is_new_step = steps.insert(step(effect));
        if !is_new_event || !is_new_step {
            findings.push(Finding::Doubled(effect.to_string()));
        }
    }
}

/// What an event tells of: a version, or the end after the last version.
fn step(effect: &Effect) -> (Uuid, i64, bool) {
    (effect.task, effect.version, effect.topic == Topic::TaskDeleted)
}

fn gaps(effects: &[Effect], findings: &mut Vec<Finding>) {
    let mut versions = BTreeMap::<Uuid, BTreeSet<i64>>::new();
    for effect in effects.iter().filter(|effect| effect.topic != Topic::TaskDeleted) {
        versions.entry(effect.task).or_default().insert(effect.version);
    }
    for (task, versions) in versions {
        let last = versions.last().copied().unwrap_or_default();
        let missing: Vec<_> = (1..=last).filter(|version| !versions.contains(version)).collect();
        if !missing.is_empty() {
            findings.push(Finding::Lost(format!(
                "versions {missing:?} of {task}, up to {last}"
            )));
        }
    }
}

fn order(effects: &[Effect], findings: &mut Vec<Finding>) {
    let mut newest = BTreeMap::<(Topic, Uuid), i64>::new();
    for effect in effects {
        let newest = newest.entry((effect.topic, effect.task)).or_insert(0);
        if effect.version < *newest {
            findings.push(Finding::Disordered(format!("{effect}, after version {newest}")));
        }
        *newest = effect.version.max(*newest);
    }
}

/// Every task stands as its last event says, and what is deleted is gone.
fn standings(history: &History, findings: &mut Vec<Finding>) {
    let mut last = BTreeMap::<Uuid, &Effect>::new();
    for effect in &history.effects {
        let known = last.entry(effect.task).or_insert(effect);
        if step(effect) > step(known) {
            *known = effect;
        }
    }
    let standing: BTreeMap<_, _> = history.standings.iter().map(|task| (task.task, task)).collect();
    for (task, effect) in &last {
        let told = (effect.topic != Topic::TaskDeleted).then_some((effect.version, effect.title.as_str()));
        let stands = standing.get(task).map(|task| (task.version, task.title.as_str()));
        if told != stands {
            findings.push(Finding::Astray(format!(
                "{task} stands as {stands:?}; last told: {effect}"
            )));
        }
    }
    for task in standing.keys().filter(|task| !last.contains_key(task)) {
        findings.push(Finding::Lost(format!("all events of {task}")));
    }
}

fn stuck(history: &History, findings: &mut Vec<Finding>) {
    for (count, place) in [
        (history.waiting, "waiting in the outbox"),
        (history.parked, "parked"),
    ] {
        if count > 0 {
            findings.push(Finding::Stuck(format!("{count} events {place}")));
        }
    }
    // One whose effect happened died of its answers, which is no loss.
    let effects: BTreeSet<_> = history.effects.iter().map(|effect| effect.event).collect();
    let letters = history
        .dead_letters
        .iter()
        .filter(|event| !effects.contains(event));
    findings.extend(letters.map(|event| Finding::Stuck(format!("event {event} is a dead letter"))));
}

#[cfg(test)]
mod tests;
