//! Rules that a platform asks to pass over, and rules about that.

use std::collections::BTreeMap;

use todoplatform_api::TodoPlatform;

use super::{Fault, Rule, Subject, rule, rule_of};

/// Which rules are passed over: `TP012: a mesh encrypts it; TP003,TP004: a test`.
pub const ANNOTATION: &str = "todoplatform.dev/lint-ignore";

pub(super) const RULES: &[Rule] = &[rule!(
    "TP000",
    Warn,
    "An ignored rule without a reason, or one that does not exist",
    bad_entries
)];

/// The rules that an annotation names, each with its reason.
pub(super) struct Ignored(BTreeMap<String, String>);

impl Ignored {
    pub(super) fn of(platform: &TodoPlatform) -> Self {
        Self(
            entries(platform)
                .into_iter()
                .filter(|(_, reason)| !reason.is_empty())
                .collect(),
        )
    }

    /// Why the rule is passed over; none when it counts. A rule that is named without a reason counts.
    pub(super) fn reason(&self, id: &str) -> Option<String> {
        self.0.get(id).cloned()
    }
}

/// Ids with their reasons, in the order in which they are written.
fn entries(platform: &TodoPlatform) -> Vec<(String, String)> {
    let text = platform
        .metadata
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(ANNOTATION));
    let entries = text.into_iter().flat_map(|text| text.split([';', '\n']));
    entries
        .flat_map(|entry| {
            let (ids, reason) = entry.split_once(':').unwrap_or((entry, ""));
            let ids: Vec<_> = ids.split(',').map(|id| id.trim().to_uppercase()).collect();
            let reason = reason.trim().to_owned();
            ids.into_iter()
                .filter(|id| !id.is_empty())
                .map(move |id| (id, reason.clone()))
        })
        .collect()
}

fn bad_entries(subject: &Subject<'_>) -> Vec<Fault> {
    let path = format!("metadata.annotations[{ANNOTATION}]");
    entries(subject.platform)
        .into_iter()
        .filter_map(|(id, reason)| {
            if rule_of(&id).is_none() {
                Some(Fault::new(
                    &path,
                    format!("there is no rule {id}"),
                    "Correct the id: `kubectl todo check --list-rules` lists them",
                ))
            } else if reason.is_empty() {
                Some(Fault::new(
                    &path,
                    format!("{id} is ignored without a reason, and so counts"),
                    format!("Say why, behind a colon: `{id}: encrypted by the mesh`"),
                ))
            } else {
                None
            }
        })
        .collect()
}
