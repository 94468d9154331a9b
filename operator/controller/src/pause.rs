//! Who may be written to in a pass. A paused platform, or a paused part of one, is read and told of, and left as it is.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use todoplatform_api::{TodoPlatform, annotations};

use crate::status::{Draft, PAUSED};

/// Longest piece of an annotation that is shown.
const SHOWN: usize = 64;

const BY_SPEC: &str = "Paused";
const BY_ANNOTATION: &str = "PausedUntil";

/// Reasons of the condition by which somebody has paused the platform as a whole. A slip in the annotation is none.
pub const WHOLE: [&str; 2] = [BY_SPEC, BY_ANNOTATION];

/// What a pass may do with a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Make it what it should be.
    Write,
    /// Say how it differs.
    ReadOnly,
}

/// Why nothing is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whole {
    /// `spec.paused` says so.
    Spec,
    /// The annotation says so, until this time.
    Until(Timestamp),
    /// The annotation says something that is no time.
    Unreadable(String),
}

/// What is paused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    whole: Option<Whole>,
    components: BTreeSet<String>,
}

impl Pause {
    /// What is paused of a platform at this time.
    pub fn of(platform: &TodoPlatform, now: Timestamp) -> Self {
        let until = platform
            .metadata
            .annotations
            .as_ref()
            .and_then(|annotations| annotations.get(annotations::PAUSED_UNTIL));
        let by_annotation = || match until?.trim().parse::<Timestamp>() {
            Ok(until) => (until > now).then_some(Whole::Until(until)),
            Err(_) => Some(Whole::Unreadable(until?.chars().take(SHOWN).collect())),
        };
        let whole = if platform.spec.paused == Some(true) {
            Some(Whole::Spec)
        } else {
            by_annotation()
        };
        Self {
            whole,
            components: paused_services(platform),
        }
    }

    /// What a pass may do with a child of this component; none for one of the whole platform.
    pub fn strategy(&self, component: Option<&str>) -> Strategy {
        let is_paused =
            self.whole.is_some() || component.is_some_and(|component| self.components.contains(component));
        if is_paused {
            Strategy::ReadOnly
        } else {
            Strategy::Write
        }
    }

    /// Whether nothing is paused.
    pub fn is_off(&self) -> bool {
        self.whole.is_none() && self.components.is_empty()
    }

    /// How long until a pause ends by itself.
    pub fn ends_in(&self, now: Timestamp) -> Option<Duration> {
        match &self.whole {
            Some(Whole::Until(until)) => Duration::try_from(until.duration_since(now)).ok(),
            _ => None,
        }
    }

    /// The condition that says so.
    pub fn condition(&self) -> Draft {
        match &self.whole {
            None if self.components.is_empty() => Draft::no(PAUSED, "NotPaused", "nothing is paused"),
            None => {
                let names: Vec<&str> = self.components.iter().map(String::as_str).collect();
                let message = format!("nothing is written for {}", names.join(", "));
                Draft::yes(PAUSED, "ServicesPaused", message)
            }
            Some(Whole::Spec) => Draft::yes(PAUSED, BY_SPEC, "spec.paused is set: nothing is written"),
            Some(Whole::Until(until)) => Draft::yes(
                PAUSED,
                BY_ANNOTATION,
                format!("nothing is written before {until}"),
            ),
            Some(Whole::Unreadable(text)) => Draft::yes(
                PAUSED,
                "UnreadablePausedUntil",
                format!(
                    "the annotation {} is `{text}`, which is no RFC 3339 time such as 2030-01-31T12:00:00Z: nothing is written until it is",
                    annotations::PAUSED_UNTIL
                ),
            ),
        }
    }

    /// What ends the pause.
    pub fn next_action(&self, namespace: &str, name: &str) -> String {
        match &self.whole {
            Some(Whole::Spec) => {
                format!(
                    "kubectl -n {namespace} patch tp {name} --type=merge -p '{{\"spec\":{{\"paused\":null}}}}'"
                )
            }
            Some(_) => format!(
                "kubectl -n {namespace} annotate tp {name} {}-",
                annotations::PAUSED_UNTIL
            ),
            None => "Remove paused from the services in spec.services".to_owned(),
        }
    }
}

/// The services that are paused by themselves.
fn paused_services(platform: &TodoPlatform) -> BTreeSet<String> {
    let services = platform.spec.services.clone().unwrap_or_default();
    let own = [
        ("gateway", services.gateway),
        ("task", services.task),
        ("scheduler", services.scheduler),
        ("notification", services.notification),
        ("analytics", services.analytics),
    ]
    .map(|(name, service)| (name.to_owned(), service.and_then(|service| service.paused)));
    let extra = platform
        .spec
        .extra_services
        .iter()
        .map(|service| (service.name.clone(), service.paused));
    own.into_iter()
        .chain(extra)
        .filter(|(_, paused)| *paused == Some(true))
        .map(|(name, _)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use todoplatform_api::TodoPlatformSpec;

    fn platform(paused: Option<bool>, until: Option<&str>) -> TodoPlatform {
        let spec = TodoPlatformSpec {
            paused,
            ..TodoPlatformSpec::default()
        };
        let mut platform = TodoPlatform::new("todo", spec);
        platform.metadata.annotations =
            until.map(|until| [(annotations::PAUSED_UNTIL.to_owned(), until.to_owned())].into());
        platform
    }

    #[test]
    fn a_pause_is_the_specs_or_the_annotations_until_its_time() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let hour = Some(Duration::from_hours(1));
        let cases = [
            ("nothing", None, None, "NotPaused", Strategy::Write, None),
            ("spec", Some(true), None, "Paused", Strategy::ReadOnly, None),
            ("spec, off", Some(false), None, "NotPaused", Strategy::Write, None),
            (
                "to come",
                None,
                Some("2026-03-01T13:00:00Z"),
                "PausedUntil",
                Strategy::ReadOnly,
                hour,
            ),
            (
                "elsewhere",
                None,
                Some("2026-03-01T14:00:00+01:00"),
                "PausedUntil",
                Strategy::ReadOnly,
                hour,
            ),
            (
                "over",
                None,
                Some("2026-03-01T12:00:00Z"),
                "NotPaused",
                Strategy::Write,
                None,
            ),
            (
                "over, spec",
                Some(true),
                Some("2020-01-01T00:00:00Z"),
                "Paused",
                Strategy::ReadOnly,
                None,
            ),
            (
                "odd",
                None,
                Some("tomorrow"),
                "UnreadablePausedUntil",
                Strategy::ReadOnly,
                None,
            ),
        ];
        for (name, paused, until, reason, strategy, ends_in) in cases {
            let pause = Pause::of(&platform(paused, until), now);
            let condition = pause.condition();
            assert_eq!(condition.reason, reason, "{name}");
            assert_eq!(
                condition.status == "True",
                strategy == Strategy::ReadOnly,
                "{name}"
            );
            assert_eq!(pause.strategy(None), strategy, "{name}");
            assert_eq!(pause.strategy(Some("task")), strategy, "{name}");
            assert_eq!(pause.ends_in(now), ends_in, "{name}");
        }
    }
}
