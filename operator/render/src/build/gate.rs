//! The start gate: services are created once everything they need has answered, and never taken away after.

use std::collections::BTreeSet;

use crate::{ChildKind, Facts, Gate, ValidatedPlatform};

/// Whether the services may be created.
pub(crate) fn gate(platform: &ValidatedPlatform, facts: &Facts) -> Gate {
    if facts.started {
        return Gate::Open;
    }
    let mut waiting_for = Vec::new();
    for dependency in &platform.references.dependencies {
        match facts.dependencies.get(&dependency.name) {
            Some(fact) if fact.ready => {}
            Some(fact) => {
                waiting_for.push((dependency.name.clone(), fact.reason.clone(), fact.message.clone()));
            }
            None => waiting_for.push((
                dependency.name.clone(),
                "NotAsked".into(),
                format!("{} has not been asked yet", dependency.target.kind()),
            )),
        }
    }
    let missing: Vec<_> = ChildKind::ALL
        .iter()
        .filter(|kind| kind.is_dapr() && !facts.optional_kinds.contains(kind))
        .map(|kind| kind.as_str())
        .collect();
    if !missing.is_empty() {
        let message = format!(
            "the API server does not serve Dapr's kinds {}",
            missing.join(", ")
        );
        waiting_for.push(("dapr".into(), "DaprKindsMissing".into(), message));
    }
    let absent = |is_ours: bool| -> BTreeSet<&str> {
        platform
            .references
            .secrets
            .iter()
            .filter(|reference| {
                let present = facts
                    .secrets
                    .get(&reference.name)
                    .is_some_and(|fact| fact.keys.contains_key(&reference.key));
                reference.optional && reference.field_path.is_empty() == is_ours && !present
            })
            .map(|reference| reference.name.as_str())
            .collect()
    };
    for (is_ours, reason, what) in [
        (true, "SecretsNotGenerated", "generated Secrets do not exist yet"),
        (
            false,
            "SecretsAwaited",
            "Secrets of another operator do not exist yet",
        ),
    ] {
        let names: Vec<_> = absent(is_ours).into_iter().collect();
        if !names.is_empty() {
            let message = format!("{what}: {}", names.join(", "));
            waiting_for.push(("secrets".into(), reason.into(), message));
        }
    }
    if waiting_for.is_empty() {
        Gate::Open
    } else {
        Gate::Closed { waiting_for }
    }
}
