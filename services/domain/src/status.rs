//! The state machine of a task.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a task stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not begun.
    #[default]
    Open,
    /// Being worked on.
    InProgress,
    /// Held up by something else.
    Waiting,
    /// Finished.
    Done,
    /// Given up.
    Cancelled,
}

impl Status {
    /// Every status, in the order of the declaration.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::InProgress,
        Self::Waiting,
        Self::Done,
        Self::Cancelled,
    ];

    /// The whole machine: from which status which others are reached.
    const TRANSITIONS: [(Self, &'static [Self]); 5] = [
        (
            Self::Open,
            &[Self::InProgress, Self::Waiting, Self::Done, Self::Cancelled],
        ),
        (
            Self::InProgress,
            &[Self::Open, Self::Waiting, Self::Done, Self::Cancelled],
        ),
        (
            Self::Waiting,
            &[Self::Open, Self::InProgress, Self::Done, Self::Cancelled],
        ),
        (Self::Done, &[Self::Open]),
        (Self::Cancelled, &[Self::Open]),
    ];

    /// The statuses that can follow this one. Never contains the status itself.
    pub fn followers(self) -> &'static [Self] {
        Self::TRANSITIONS
            .iter()
            .find(|(from, _)| *from == self)
            .map_or(&[], |(_, to)| to)
    }

    /// `to`, when the machine leads there from here.
    pub fn transition(self, to: Self) -> Result<Self, IllegalTransition> {
        if self.followers().contains(&to) {
            Ok(to)
        } else {
            Err(IllegalTransition { from: self, to })
        }
    }

    /// Whether nothing is left to do: done or cancelled.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }

    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a status: open, in_progress, waiting, done, cancelled")]
pub struct UnknownStatus(String);

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == text)
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// A step that the state machine does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a task that is {from} cannot become {to}")]
pub struct IllegalTransition {
    /// Where the task stands.
    pub from: Status,
    /// Where it was asked to go.
    pub to: Status,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_status() -> impl Strategy<Value = Status> {
        proptest::sample::select(Status::ALL.to_vec())
    }

    #[test]
    fn the_table_has_one_row_per_status() {
        assert_eq!(Status::TRANSITIONS.map(|(from, _)| from), Status::ALL);
    }

    #[test]
    fn exactly_open_in_progress_and_waiting_can_be_completed() {
        let completable: Vec<_> = Status::ALL
            .into_iter()
            .filter(|status| status.transition(Status::Done).is_ok())
            .collect();
        assert_eq!(completable, [Status::Open, Status::InProgress, Status::Waiting]);
    }

    #[test]
    fn names_are_what_serde_writes() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
            assert_eq!(status.name().parse(), Ok(status));
        }
        assert!("Open".parse::<Status>().is_err());
    }

    proptest! {
        #[test]
        fn a_transition_succeeds_exactly_when_the_table_has_it(from in any_status(), to in any_status()) {
            match from.transition(to) {
                Ok(reached) => {
                    prop_assert_eq!(reached, to);
                    prop_assert!(from.followers().contains(&to));
                }
                Err(error) => {
                    prop_assert_eq!(error, IllegalTransition { from, to });
                    prop_assert!(!from.followers().contains(&to));
                }
            }
        }

        #[test]
        fn no_status_follows_itself(status in any_status()) {
            prop_assert!(status.transition(status).is_err());
        }

        #[test]
        fn a_closed_task_can_only_be_reopened(from in any_status(), to in any_status()) {
            if from.is_closed() {
                prop_assert_eq!(from.transition(to).is_ok(), to == Status::Open);
            }
        }

        #[test]
        fn every_walk_can_end_in_done(walk in proptest::collection::vec(any_status(), 0..20)) {
            let status = walk.into_iter().fold(Status::Open, |at, to| at.transition(to).unwrap_or(at));
            let done = match status {
                Status::Done => Ok(Status::Done),
                Status::Cancelled => status.transition(Status::Open).and_then(|open| open.transition(Status::Done)),
                _ => status.transition(Status::Done),
            };
            prop_assert_eq!(done, Ok(Status::Done));
        }
    }
}
