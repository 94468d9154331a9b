//! `kubectl todo status`: how a platform stands, and what to do where it does not.

use std::fmt::Write;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;
use serde::Serialize;
use todoplatform_api::{Blocker, TodoPlatform, TodoPlatformStatus};

use crate::{
    look::{Look, Tone},
    table::{self, Cell},
};

/// How a platform stands. As JSON: name, namespace, whether it is ready, and the fields of `status`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    namespace: String,
    name: String,
    ready: bool,
    /// Whether the status speaks of the present spec.
    current: bool,
    #[serde(flatten)]
    status: TodoPlatformStatus,
}

impl Report {
    /// The report of a platform.
    pub(crate) fn new(platform: &TodoPlatform) -> Self {
        let status = platform.status.clone().unwrap_or_default();
        let current = status.observed_generation.is_some()
            && status.observed_generation == platform.metadata.generation;
        let is_true = |condition: &Condition| condition.type_ == "Ready" && condition.status == "True";
        Self {
            namespace: platform.namespace().unwrap_or_default(),
            name: platform.name_any(),
            // A status of a former spec says nothing about this one.
            ready: current && status.conditions.iter().any(is_true),
            current,
            status,
        }
    }

    /// Whether every component of the present spec serves.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready
    }

    /// For people. Ages are counted until `now`.
    pub(crate) fn text(&self, look: Look, now: Timestamp) -> String {
        let sections = [
            self.summary(look),
            self.conditions(look, now),
            self.components(look),
            self.dependencies(look),
            self.blocking(look),
        ];
        let told: Vec<_> = sections
            .into_iter()
            .filter(|section| !section.is_empty())
            .collect();
        told.join("\n")
    }

    fn summary(&self, look: Look) -> String {
        let state = match (self.ready, self.current) {
            (true, _) => look.paint(Tone::Good, "Ready"),
            (false, true) => look.paint(Tone::Bad, "not Ready"),
            (false, false) => look.paint(
                Tone::Waiting,
                "not Ready: the operator has not looked at the present spec yet",
            ),
        };
        let mut text = format!("TodoPlatform {}/{}: {state}\n", self.namespace, self.name);
        let facts = [
            ("endpoint", &self.status.endpoint),
            ("version", &self.status.version),
            ("components", &self.status.components_ready),
        ];
        for (name, value) in facts {
            if let Some(value) = value {
                let _infallible = writeln!(text, "  {name:<10}   {value}");
            }
        }
        text
    }

    fn conditions(&self, look: Look, now: Timestamp) -> String {
        let row = |condition: &Condition| {
            [
                Cell::plain(&condition.type_),
                Cell::toned(tone(condition), &condition.status),
                Cell::plain(&condition.reason),
                Cell::plain(age(condition.last_transition_time.0, now)),
                Cell::plain(&condition.message),
            ]
        };
        let rows = self.status.conditions.iter().map(row).collect();
        table::lines(["CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE"], rows, look)
    }

    fn components(&self, look: Look) -> String {
        let rows = self.status.components.iter().map(|component| {
            let tone = if component.ready >= component.desired {
                Tone::Good
            } else {
                Tone::Bad
            };
            [
                Cell::plain(&component.name),
                Cell::toned(tone, format!("{}/{}", component.ready, component.desired)),
                Cell::plain(format!("{}/{}", component.updated, component.desired)),
                Cell::plain(&component.reason),
                Cell::plain(component.image.as_deref().unwrap_or_default()),
                Cell::plain(&component.message),
            ]
        });
        table::lines(
            ["COMPONENT", "READY", "UPDATED", "REASON", "IMAGE", "MESSAGE"],
            rows.collect(),
            look,
        )
    }

    fn dependencies(&self, look: Look) -> String {
        let rows = self.status.dependencies.iter().map(|dependency| {
            let (tone, word) = if dependency.ready {
                (Tone::Good, "yes")
            } else {
                (Tone::Bad, "no")
            };
            [
                Cell::plain(&dependency.name),
                Cell::plain(&dependency.kind),
                Cell::toned(tone, word),
                Cell::plain(&dependency.reason),
                Cell::plain(&dependency.message),
            ]
        });
        table::lines(
            ["DEPENDENCY", "KIND", "READY", "REASON", "MESSAGE"],
            rows.collect(),
            look,
        )
    }

    fn blocking(&self, look: Look) -> String {
        if self.status.blocking.is_empty() {
            return String::new();
        }
        let mut text = format!("{}\n", look.paint(Tone::Heading, "BLOCKING"));
        for Blocker {
            component,
            reason,
            message,
            next_action,
        } in &self.status.blocking
        {
            let _infallible = writeln!(
                text,
                "{component}: {}: {}",
                look.paint(Tone::Bad, reason),
                table::one_line(message)
            );
            for line in next_action.lines() {
                let _infallible = writeln!(text, "  next: {}", table::one_line(line));
            }
        }
        text
    }
}

/// `Reconciling` and `Stalled` are there while True only, and are no good news.
fn tone(condition: &Condition) -> Tone {
    match (condition.type_.as_str(), condition.status.as_str()) {
        ("Stalled", "True") | (_, "False") => Tone::Bad,
        ("Reconciling", "True") | (_, "Unknown") => Tone::Waiting,
        _ => Tone::Good,
    }
}

/// The time between, in its largest unit, as kubectl writes ages; a clock that is ahead counts as no time.
fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
