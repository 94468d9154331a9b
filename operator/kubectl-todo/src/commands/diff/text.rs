//! The differences for a person.

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
        text.push_str(&format!("{}\n", look.paint(Tone::Heading, &head)));
        for line in change.diff.lines() {
            let tone = match line.chars().next() {
                _ if change.verb == Verb::Refused => Tone::Bad,
                Some('+') => Tone::Good,
                Some('-') => Tone::Bad,
                Some('@') => Tone::Waiting,
                _ => Tone::Plain,
            };
            text.push_str(&format!("{}\n", look.paint(tone, line)));
        }
    }
    text.push('\n');
    if restarts.is_empty() {
        text.push_str("No pod restarts.\n");
        return text;
    }
    text.push_str(&format!(
        "{}\n",
        look.paint(Tone::Heading, "Restarts, one app after another:")
    ));
    for Restart {
        component,
        pods,
        reasons,
        ..
    } in restarts
    {
        let noun = if *pods == 1 { "pod" } else { "pods" };
        text.push_str(&format!(
            "  {component} ({pods} {noun}): {}\n",
            reasons.join("; ")
        ));
    }
    text
}
