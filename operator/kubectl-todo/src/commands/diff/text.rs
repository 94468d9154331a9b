//! The differences for a person.

use std::fmt::Write as _;

use super::{
    change::{Change, Verb},
    restart::Restart,
};
use crate::look::{Look, Tone};

pub(super) fn text(changes: &[Change], restarts: &[Restart], look: Look) -> String {
    if changes.is_empty() {
        return "no differences\n".into();
    }
    let mut text = String::new();
    for change in changes {
        let head = format!(
            "{} {} {}",
            change.kind.as_str(),
            change.name,
            change.verb.as_str()
        );
        _ = writeln!(text, "{}", look.paint(Tone::Heading, &head));
        for line in change.diff.lines() {
            let tone = match line.chars().next() {
                _ if change.verb == Verb::Refused => Tone::Bad,
                Some('+') => Tone::Good,
                Some('-') => Tone::Bad,
                Some('@') => Tone::Waiting,
                _ => Tone::Plain,
            };
            _ = writeln!(text, "{}", look.paint(tone, line));
        }
    }
    text.push('\n');
    if restarts.is_empty() {
        text.push_str("No pod restarts.\n");
        return text;
    }
    _ = writeln!(
        text,
        "{}",
        look.paint(Tone::Heading, "Restarts, one app after another:")
    );
    for Restart {
        component,
        pods,
        reasons,
        ..
    } in restarts
    {
        let noun = if *pods == 1 { "pod" } else { "pods" };
        _ = writeln!(text, "  {component} ({pods} {noun}): {}", reasons.join("; "));
    }
    text
}
