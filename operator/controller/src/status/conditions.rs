//! Conditions by the rules of kstatus. Pure.

use std::fmt::Write;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;

/// Longest message of a condition that the API server takes.
const LONGEST_MESSAGE: usize = 32_768;
/// Problems that one message lists.
const LISTED: usize = 5;

/// Serves as declared.
pub const READY: &str = "Ready";
/// Work is going on that ends by itself. There only while True.
pub const RECONCILING: &str = "Reconciling";
/// Nothing happens without a change by somebody. There only while True.
pub const STALLED: &str = "Stalled";
/// Database, cache and broker answer.
pub const DEPENDENCIES_READY: &str = "DependenciesReady";
/// Dapr's control plane and all sidecars are there.
pub const DAPR_READY: &str = "DaprReady";
/// It serves, but not as declared: something optional is missing.
pub const DEGRADED: &str = "Degraded";
/// Others changed the platform's objects, and it was left so.
pub const DRIFTED: &str = "Drifted";
/// Nothing is written, or nothing for some services.
pub const PAUSED: &str = "Paused";

/// Conditions that are always there, whatever their status. One of which a pass says nothing is said again.
pub const STANDING: [&str; 5] = [DEPENDENCIES_READY, DAPR_READY, DEGRADED, DRIFTED, PAUSED];

/// A condition without what it takes from the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// One of the constants above.
    pub type_: &'static str,
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// One word; never empty.
    pub reason: String,
    /// One sentence.
    pub message: String,
}

impl Draft {
    /// A condition that holds.
    pub fn yes(type_: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self {
            type_,
            status: "True",
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    /// A condition that does not hold.
    pub fn no(type_: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self {
            type_,
            status: "False",
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    /// A condition of which nothing is known.
    pub fn unknown(type_: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self {
            type_,
            status: "Unknown",
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    /// What was said before, said again.
    pub fn again(type_: &'static str, before: &[Condition]) -> Self {
        match before.iter().find(|condition| condition.type_ == type_) {
            Some(Condition {
                status,
                reason,
                message,
                ..
            }) => {
                let status = match status.as_str() {
                    "True" => "True",
                    "False" => "False",
                    _ => "Unknown",
                };
                Self {
                    type_,
                    status,
                    reason: reason.clone(),
                    message: message.clone(),
                }
            }
            None => Self::unknown(type_, "NotReconciled", "not looked at yet"),
        }
    }
}

/// Completes the conditions: every one speaks of `generation`, and the time of one moves only when its status does.
pub fn complete(drafts: Vec<Draft>, generation: i64, now: Timestamp, before: &[Condition]) -> Vec<Condition> {
    drafts
        .into_iter()
        .map(
            |Draft {
                 type_,
                 status,
                 reason,
                 mut message,
             }| {
                let same = before
                    .iter()
                    .find(|condition| condition.type_ == type_ && condition.status == status);
                cut(&mut message, LONGEST_MESSAGE);
                Condition {
                    type_: type_.to_owned(),
                    status: status.to_owned(),
                    reason,
                    message,
                    observed_generation: Some(generation),
                    last_transition_time: same
                        .map_or_else(|| Time(now), |condition| condition.last_transition_time.clone()),
                }
            },
        )
        .collect()
}

/// Several problems in one message: the first five, and how many more.
pub fn listed<'a>(problems: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = problems.len().saturating_sub(LISTED);
    let mut text = problems.take(LISTED).collect::<Vec<_>>().join("; ");
    if more > 0 {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "; and {more} more");
    }
    text
}

/// Shortens a text to at most `longest` bytes, between characters.
pub fn cut(text: &mut String, longest: usize) {
    if text.len() > longest {
        let end = (0..=longest)
            .rev()
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or(0);
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_lists_five_problems_and_counts_the_rest() {
        let problems = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(listed(problems[..2].iter().copied()), "a; b");
        assert_eq!(listed(problems.iter().copied()), "a; b; c; d; e; and 2 more");
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        let mut text = "aéé".to_owned();
        cut(&mut text, 2);
        assert_eq!(text, "a");
    }

    #[test]
    fn the_time_of_a_condition_moves_with_its_status_only() {
        let (then, now) = (
            Timestamp::from_second(1).unwrap(),
            Timestamp::from_second(2).unwrap(),
        );
        let before = complete(vec![Draft::no(READY, "Progressing", "1 of 2")], 1, then, &[]);
        let same = complete(vec![Draft::no(READY, "CrashLoopBackOff", "x")], 2, now, &before);
        assert_eq!(
            (same[0].last_transition_time.0, same[0].observed_generation),
            (then, Some(2))
        );
        let flipped = complete(vec![Draft::yes(READY, "Ready", "x")], 2, now, &before);
        assert_eq!(flipped[0].last_transition_time.0, now);
    }
}
