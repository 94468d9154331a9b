//! What the status says of the second day: what others changed, what a pause holds back, which requests were followed.

use todoplatform_api::{Blocker, DriftMode, TodoPlatformStatus};

use super::condition;
use super::conditions::{DRIFTED, Draft, listed};

/// Nothing was sent because somebody wants it so.
pub const PAUSED_REASON: &str = "Paused";
/// A change of somebody else was undone.
const CORRECTED: &str = "Corrected";

/// What a pass found out and did beside what is declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day2 {
    /// What is done about changes of others.
    pub mode: DriftMode,
    /// Changes of others that this pass undid.
    pub corrected: Vec<String>,
    /// Changes of others that stand.
    pub standing: Vec<String>,
    /// Objects that differ and were not sent, because of a pause.
    pub withheld: Vec<String>,
    /// Whether some components wait for their turn.
    pub is_partial: bool,
    /// What ends the pause.
    pub resume: String,
    /// The request for a pass that this one followed.
    pub reconcile_request: Option<String>,
    /// The latest request for new pods, which all templates carry.
    pub restart_request: Option<String>,
}

impl Day2 {
    /// The condition `Drifted`. What was undone last is told until something else is, or the platform changes.
    pub(super) fn drifted(&self, before: &TodoPlatformStatus, generation: i64) -> Draft {
        let list = |lines: &[String]| listed(lines.iter().map(String::as_str));
        let is_told = before.applied_generation == Some(generation)
            && condition(before, DRIFTED).is_some_and(|it| it.reason == CORRECTED);
        if !self.standing.is_empty() {
            Draft::yes(DRIFTED, "Drifted", list(&self.standing))
        } else if !self.corrected.is_empty() {
            Draft::no(DRIFTED, CORRECTED, format!("undone: {}", list(&self.corrected)))
        } else if is_told {
            Draft::again(DRIFTED, &before.conditions)
        } else if self.mode == DriftMode::Ignore {
            Draft::no(
                DRIFTED,
                "Ignored",
                "changes of others are left: driftPolicy.mode is Ignore",
            )
        } else {
            Draft::no(DRIFTED, "InSync", "every object is as the platform says")
        }
    }

    /// What holds Ready back: a spec that a pause keeps from being sent. What others did meanwhile does not.
    pub(super) fn blocker(&self, before: &TodoPlatformStatus, generation: i64) -> Option<Blocker> {
        let is_applied = before.applied_generation == Some(generation);
        (!self.withheld.is_empty() && !is_applied).then(|| Blocker {
            component: "spec".into(),
            reason: PAUSED_REASON.into(),
            message: format!(
                "paused, and not as the spec says: {}",
                listed(self.withheld.iter().map(String::as_str))
            ),
            next_action: self.resume.clone(),
        })
    }

    /// Writes down what was followed. A request that was taken back stays on record.
    pub(super) fn record(&self, status: &mut TodoPlatformStatus, generation: i64, is_gate_closed: bool) {
        if self.reconcile_request.is_some() {
            status
                .last_handled_reconcile_at
                .clone_from(&self.reconcile_request);
        }
        if self.withheld.is_empty() && !self.is_partial && !is_gate_closed {
            status.applied_generation = Some(generation);
            if self.restart_request.is_some() {
                status.last_handled_restart_at.clone_from(&self.restart_request);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
    use k8s_openapi::jiff::Timestamp;

    fn status(reason: &str, generation: i64) -> TodoPlatformStatus {
        let condition = Condition {
            type_: DRIFTED.into(),
            status: "False".into(),
            reason: reason.into(),
            message: "undone: before".into(),
            observed_generation: Some(generation),
            last_transition_time: Time(Timestamp::UNIX_EPOCH),
        };
        TodoPlatformStatus {
            applied_generation: Some(generation),
            conditions: vec![condition],
            ..TodoPlatformStatus::default()
        }
    }

    #[test]
    fn what_stands_comes_before_what_was_undone_and_that_is_told_until_the_next_edit() {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let cases = [
            (
                "nothing",
                Day2::default(),
                status("InSync", 4),
                "InSync",
                "every object",
            ),
            (
                "undone",
                Day2 {
                    corrected: lines(&["a"]),
                    ..Day2::default()
                },
                status("InSync", 4),
                "Corrected",
                "undone: a",
            ),
            (
                "told",
                Day2::default(),
                status("Corrected", 4),
                "Corrected",
                "undone: before",
            ),
            (
                "edited since",
                Day2::default(),
                status("Corrected", 3),
                "InSync",
                "every object",
            ),
            (
                "stands",
                Day2 {
                    corrected: lines(&["a"]),
                    standing: lines(&["b"]),
                    ..Day2::default()
                },
                status("Corrected", 4),
                "Drifted",
                "b",
            ),
            (
                "nobody looks",
                Day2 {
                    mode: DriftMode::Ignore,
                    ..Day2::default()
                },
                status("InSync", 4),
                "Ignored",
                "changes of others",
            ),
        ];
        for (name, day2, before, reason, message) in cases {
            let draft = day2.drifted(&before, 4);
            assert_eq!(draft.reason, reason, "{name}");
            assert!(draft.message.starts_with(message), "{name}: {}", draft.message);
            assert_eq!(draft.status == "True", reason == "Drifted", "{name}");
        }
    }

    #[test]
    fn a_pause_holds_ready_back_only_while_it_keeps_an_edit_from_being_sent() {
        let day2 = Day2 {
            withheld: vec!["Service/todo-task".into()],
            ..Day2::default()
        };
        assert!(day2.blocker(&status("InSync", 4), 4).is_none());
        let held = day2.blocker(&status("InSync", 3), 4).unwrap();
        assert_eq!(held.reason, PAUSED_REASON);
        assert!(held.message.contains("Service/todo-task"));
        let mut after = status("InSync", 3);
        day2.record(&mut after, 4, false);
        assert_eq!(after.applied_generation, Some(3));
        Day2::default().record(&mut after, 4, true);
        assert_eq!(after.applied_generation, Some(3));
        Day2::default().record(&mut after, 4, false);
        assert_eq!(after.applied_generation, Some(4));
    }
}
