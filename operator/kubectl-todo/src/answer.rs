//! What a command answers, and why it cannot.

use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::Value;
use todoplatform_offline::{input::InputError, render::RenderError};

use crate::{cluster::ClusterError, commands::token::TokenError, look::Look};

/// Exit code of "done", and of good news.
pub(crate) const GOOD: u8 = 0;
/// Exit code of bad news: not Ready, differences, findings.
pub(crate) const BAD: u8 = 1;
/// Exit code when there is no answer; clap's for a wrong command line too.
pub(crate) const FAILED: u8 = 2;

/// What goes to standard output, and the exit code.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) exit_code: ExitCode,
}

impl Answer {
    /// The answer to a question that can have good news and bad.
    pub(crate) fn new(text: String, is_good: bool) -> Self {
        Self {
            text,
            exit_code: ExitCode::from(if is_good { GOOD } else { BAD }),
        }
    }

    /// What was asked for.
    pub(crate) fn done(text: String) -> Self {
        Self::new(text, true)
    }
}

/// What a command has around it.
#[derive(Clone, Copy)]
pub(crate) struct Terminal {
    /// How standard output looks.
    pub(crate) look: Look,
    /// Whether standard output is a terminal.
    pub(crate) is_interactive: bool,
    /// The clock.
    pub(crate) now: fn() -> Timestamp,
    /// Writes to standard output at once, for commands that go on; false when nobody reads any more.
    pub(crate) print: fn(&str) -> bool,
    /// Writes a line to standard error at once: progress and remarks.
    pub(crate) note: fn(&str),
}

/// How data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// For people, with more columns.
    Wide,
    /// For programs.
    Json,
    /// For programs and people.
    Yaml,
}

impl Output {
    /// Data in the form that was asked for; text is for the caller.
    pub(crate) fn data(self, data: &Value) -> Option<String> {
        match self {
            Self::Text | Self::Wide => None,
            Self::Json => Some(format!("{data:#}\n")),
            // A JSON value is YAML.
            Self::Yaml => Some(serde_yaml::to_string(data).unwrap_or_default()),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Cluster(ClusterError),
    #[error(transparent)]
    Token(TokenError),
    #[error(transparent)]
    Input(InputError),
    #[error(transparent)]
    Render(RenderError),
    #[error("TodoPlatform {platform}: {what} within {seconds} s; last seen: {last}")]
    Unacknowledged {
        platform: String,
        what: &'static str,
        seconds: i64,
        last: String,
    },
    #[error("{what}")]
    Refused { what: String, next_action: String },
}

impl Failure {
    /// What to do about it.
    pub(crate) fn next_action(&self) -> String {
        match self {
            Self::Cluster(error) => error.next_action(),
            Self::Token(error) => error.next_action(),
            Self::Input(error) => error.next_action(),
            Self::Render(error) => error.next_action(),
            Self::Unacknowledged { platform, .. } => format!(
                "see whether the operator runs (`kubectl get deployments -A -l app.kubernetes.io/name=todoplatform-operator`) \
                 and what it waits for: kubectl todo why {platform}"
            ),
            Self::Refused { next_action, .. } => next_action.clone(),
        }
    }
}

impl From<ClusterError> for Failure {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
}

#[cfg(test)]
impl Terminal {
    /// No terminal, on the first day of 1970.
    pub(crate) fn quiet() -> Self {
        Self {
            look: Look::new(false, None),
            is_interactive: false,
            now: || Timestamp::UNIX_EPOCH,
            print: |_| true,
            note: |_| {},
        }
    }
}
