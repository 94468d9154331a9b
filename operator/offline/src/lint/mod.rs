//! Advice on platforms that are valid: each rule has an id that never changes its meaning, a severity, and a page.

mod amount;
mod capacity;
mod environment;
mod exposure;
mod ignore;
mod images;
mod operations;
mod stores;

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use todoplatform_api::{Profile, TodoPlatform};
use todoplatform_render::ValidatedPlatform;

use crate::check::Finding;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Likely to hurt one day.
    Warn,
    /// Refused, or wrong whatever the surroundings.
    Error,
}

impl Severity {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What the rules look at: a valid platform.
pub struct Subject<'a> {
    /// The resource.
    pub platform: &'a TodoPlatform,
    /// Its spec as it was written.
    pub spec: &'a Value,
    /// Its decided settings.
    pub settings: &'a ValidatedPlatform,
}

impl Subject<'_> {
    fn is_production(&self) -> bool {
        self.settings.profile == Profile::Production
    }
}

/// One rule.
pub struct Rule {
    /// Its id; stable, for machines and annotations.
    pub id: &'static str,
    /// How much a finding of it matters.
    pub severity: Severity,
    /// What it is about, in a few words: the title of its page.
    pub title: &'static str,
    /// Its page, as Markdown.
    pub page: &'static str,
    find: fn(&Subject<'_>) -> Vec<Fault>,
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Rule({} {})", self.id, self.title)
    }
}

/// What a rule found.
struct Fault {
    field_path: String,
    message: String,
    next_action: String,
}

impl Fault {
    fn new(
        field_path: impl Into<String>,
        message: impl Into<String>,
        next_action: impl Into<String>,
    ) -> Self {
        Self {
            field_path: field_path.into(),
            message: message.into(),
            next_action: next_action.into(),
        }
    }
}

/// A rule; its page lies in `docs/lint` under its id.
macro_rules! rule {
    ($id:literal, $severity:ident, $title:literal, $find:expr) => {
        $crate::lint::Rule {
            id: $id,
            severity: $crate::lint::Severity::$severity,
            title: $title,
            page: include_str!(concat!("../../../../docs/lint/", $id, ".md")),
            find: $find,
        }
    };
}
use rule;

const GROUPS: [&[Rule]; 7] = [
    ignore::RULES,
    exposure::RULES,
    stores::RULES,
    images::RULES,
    capacity::RULES,
    environment::RULES,
    operations::RULES,
];

/// Every rule, by group in the order of the ids.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    GROUPS.into_iter().flatten()
}

/// The rule of that id, however it is written.
pub fn rule_of(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// What the rules find, in their order; those that the platform's annotation passes over say so.
pub(crate) fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let ignored = ignore::Ignored::of(subject.platform);
    let of_rule = |rule: &'static Rule| {
        let reason = ignored.reason(rule.id);
        (rule.find)(subject).into_iter().map(move |fault| Finding {
            rule: rule.id.into(),
            severity: rule.severity,
            field_path: fault.field_path,
            message: fault.message,
            next_action: fault.next_action,
            ignored: reason.clone(),
        })
    };
    rules().flat_map(of_rule).collect()
}
