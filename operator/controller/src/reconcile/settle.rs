//! The steps of a pass that write: Secrets and topics, children, what is left over, the status.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kube::ResourceExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use todoplatform_api::{InventoryEntry, TodoPlatform, TodoPlatformStatus};
use todoplatform_render::{
    Child, ChildKind, Degradation, EXPORTER_NOT_READY, Facts, Gate, Prepared, Resources, ValidatedPlatform,
    degradations, references,
};

use super::prepare::{Preparation, Wanted, prepare};
use super::writer::{Settled, Writer};
use super::{Done, PassError, asked, sidecars};
use crate::apply::apply;
use crate::chain::Chain;
use crate::claim::Claimant;
use crate::context::Context;
use crate::memory::{CONTEST_WINDOW, PlatformMemory};
use crate::observe::{Observed, observe, of_deployment};
use crate::pause::Pause;
use crate::prune::{Leftover, leftovers, prune};
use crate::report::{self, Outcome};
use crate::status::{Day2, Finding};
use crate::step::step;
use crate::turns::{Reason, Wait};
use crate::{claim_secrets, ensure_secrets, ensure_topics, findings};

/// The steps that write: from what is wanted to the status that says how it stands.
pub(super) async fn settle(
    context: &Context,
    platform: &TodoPlatform,
    pause: &Pause,
    before: &TodoPlatformStatus,
    memory: &mut PlatformMemory,
) -> Result<Settled, PassError> {
    let namespace = platform.namespace().unwrap_or_default();
    let writer = Writer {
        context,
        platform,
        namespace: &namespace,
        pause,
    };

    let wanted = match prepare(&writer, memory).await? {
        Preparation::Ready(wanted) => wanted,
        Preparation::Stalled(problems) => return writer.stalled(before, problems, memory).await,
    };
    let mut standing = writer.announce(before, &wanted, memory).await?;
    let paused_secrets = writer.paused_secrets(&wanted);
    let wanted = match completed(&writer, wanted, memory).await? {
        Preparation::Ready(wanted) => wanted,
        Preparation::Stalled(problems) => return writer.stalled(&standing, problems, memory).await,
    };

    let Wanted {
        validated,
        resources,
        facts,
        plan,
        waiting,
        is_turn_passed_on,
        ..
    } = wanted;
    let names: BTreeSet<(ChildKind, String)> = resources
        .children
        .iter()
        .map(|child| (child.kind, child.name.clone()))
        .collect();
    let (leftovers, kept): (Vec<_>, Vec<_>) =
        left_over(&writer, &standing, &validated, &names, &resources.gate, &waiting)
            .into_iter()
            .partition(|leftover| writer.may_write(leftover.component.as_deref()));
    // An autoscaler that is not wanted any more goes before the number of pods is said by somebody else: two would pull.
    let (autoscalers, leftovers): (Vec<_>, Vec<_>) = leftovers
        .into_iter()
        .partition(|leftover| leftover.kind.is_autoscaler());
    if !pruned(context, platform, &namespace, &autoscalers).await? {
        return Ok(Settled {
            outcome: Outcome::Skipped,
            wait: findings::soon(context),
            status: standing,
        });
    }
    let applied = step(
        &context.metrics,
        "apply",
        apply(&context.client, &namespace, &plan.writes, memory),
    )
    .await;
    let applied = match applied {
        Ok(applied) => applied,
        Err(errors) => return writer.refused(&standing, errors, memory).await,
    };
    let corrected = writer.count(&plan);
    report::corrected(&context.recorder, &context.metrics, platform, &corrected).await;
    memory.sent.retain(|key, _| names.contains(key));
    memory.deviations.retain(|key, _| names.contains(key));
    let is_pruned = pruned(context, platform, &namespace, &leftovers).await?;

    let inventory = inventory(&writer, &standing, &resources, is_pruned);
    let day2 = Day2 {
        mode: validated.day2.drift,
        corrected,
        standing: plan.standing,
        withheld: withheld(plan.withheld, &paused_secrets, &kept),
        is_partial: !waiting.is_empty(),
        resume: pause.next_action(&namespace, &platform.name_any()),
        reconcile_request: asked(platform),
        restart_request: validated.day2.restarts.latest().map(str::to_owned),
    };
    let mut components = observe(
        &context.live,
        &namespace,
        &platform.name_any(),
        findings::declared(&validated),
        &applied,
        &memory.sent,
        &waiting,
    );
    let again = sidecars::look(&writer, &resources, &facts, &mut components, memory).await;
    let finding = found(
        &writer, &validated, &resources, &facts, components, inventory, day2,
    );
    let is_due = is_turn_passed_on || waiting.values().any(|wait| wait.reason == Reason::Waking);
    let (outcome, wait) = next(&writer, &validated, &resources, &facts, is_due);
    let contested = plan.is_contested.then_some(CONTEST_WINDOW);
    let wait = contested.into_iter().chain(again).fold(wait, Duration::min);
    standing = writer.write(&standing, finding, memory).await?;
    Ok(Settled {
        outcome,
        wait,
        status: standing,
    })
}

/// Makes the Secrets and the topics that are missing, and builds again with what they brought.
async fn completed(
    writer: &Writer<'_>,
    mut wanted: Wanted,
    memory: &mut PlatformMemory,
) -> Result<Preparation, PassError> {
    if ensure_secrets(writer, &wanted).await? {
        // Pods carry a hash of the keys that they use: build again, now that there are keys.
        memory.answers = None;
        wanted = match prepare(writer, memory).await? {
            Preparation::Ready(wanted) => wanted,
            stalled @ Preparation::Stalled(_) => return Ok(stalled),
        };
    }
    if make_topics(writer, &mut wanted).await {
        memory.answers = None;
        return prepare(writer, memory).await;
    }
    Ok(Preparation::Ready(wanted))
}

/// Gives whether topics were made.
async fn make_topics(writer: &Writer<'_>, wanted: &mut Wanted) -> bool {
    let Writer {
        context,
        platform,
        namespace,
        ..
    } = *writer;
    let missing = wanted.missing_topics.as_ref().filter(|_| writer.may_write(None));
    let references = references(platform);
    let (Some(missing), Some(access)) = (missing, references.kafka()) else {
        return false;
    };
    let made = step(
        &context.metrics,
        "ensure_topics",
        ensure_topics::create(&context.client, namespace, access, missing),
    )
    .await;
    if let Err(error) = &made {
        // The rest of the platform does not wait for it: what it holds back is said by the dependency.
        tracing::warn!(error.chain = %Chain(error), "the topics could not be made");
        wanted.facts.dependencies.insert("topics".into(), error.fact());
    }
    made.is_ok()
}

/// The objects that are on record after this pass.
fn inventory(
    writer: &Writer<'_>,
    standing: &TodoPlatformStatus,
    resources: &Resources<Prepared>,
    is_pruned: bool,
) -> Vec<InventoryEntry> {
    let wanted = findings::inventory(resources);
    if is_pruned && writer.pause.is_off() {
        wanted
    } else if writer.may_write(None) {
        findings::union(&standing.inventory, wanted)
    } else {
        // What was never made is not on record.
        standing.inventory.clone()
    }
}

/// What the pass came to, and when the next one is due by what it waits for; `is_due`: soon, whatever the watches show.
fn next(
    writer: &Writer<'_>,
    validated: &ValidatedPlatform,
    resources: &Resources<Prepared>,
    facts: &Facts,
    is_due: bool,
) -> Done {
    let context = writer.context;
    if validated.hibernated {
        (Outcome::Applied, findings::rarely(context))
    } else if is_due {
        (Outcome::Waiting, findings::shortly(context))
    } else {
        findings::next(context, &resources.gate, &references(writer.platform), facts)
    }
}

/// Deletes leftovers; gives whether none is left.
async fn pruned(
    context: &Context,
    platform: &TodoPlatform,
    namespace: &str,
    leftovers: &[Leftover],
) -> Result<bool, PassError> {
    if leftovers.is_empty() {
        return Ok(true);
    }
    let pruning = prune(&context.client, &context.metrics, platform, namespace, leftovers);
    step(&context.metrics, "prune", pruning)
        .await
        .map_err(PassError::Prune)
}

fn found(
    writer: &Writer<'_>,
    validated: &ValidatedPlatform,
    resources: &Resources<Prepared>,
    facts: &Facts,
    components: Vec<Observed>,
    inventory: Vec<InventoryEntry>,
    day2: Day2,
) -> Finding {
    let Writer {
        platform, namespace, ..
    } = *writer;
    Finding::Observed {
        components,
        dependencies: findings::dependencies(namespace, &references(platform), facts),
        is_gate_closed: matches!(resources.gate, Gate::Closed { .. }),
        is_hibernated: validated.hibernated,
        degradations: {
            let mut found = degradations(validated, facts);
            found.extend(stuck_exporters(writer, resources));
            found
        },
        endpoint: validated.endpoint(),
        version: validated.version.clone(),
        skipped: findings::skipped(&resources.skipped),
        inventory,
        day2: Box::new(day2),
    }
}

/// Exporters that do not become ready. Nothing waits for one, but whose store is not watched should know.
fn stuck_exporters(writer: &Writer<'_>, resources: &Resources<Prepared>) -> Vec<Degradation> {
    let namespace = writer.namespace;
    let deployments = resources
        .children
        .iter()
        .filter(|child| child.kind == ChildKind::Deployment && child.component.is_none());
    let is_stuck = |child: &&Child| {
        let found = writer.context.live.deployment(namespace, &child.name);
        found.is_some_and(|found| of_deployment(&found).is_stuck)
    };
    deployments
        .filter(is_stuck)
        .map(|Child { name, .. }| Degradation {
            reason: EXPORTER_NOT_READY,
            message: format!(
                "{name}: does not become ready, so its store is not watched: kubectl -n {namespace} describe deployment {name}"
            ),
        })
        .collect()
}

/// Makes the generated Secrets that are missing, and puts right whose the others are. Gives whether there was any.
async fn ensure_secrets(writer: &Writer<'_>, wanted: &Wanted) -> Result<bool, PassError> {
    let Writer {
        context, namespace, ..
    } = *writer;
    let missing = writer.missing(wanted);
    let amendments: Vec<_> = wanted
        .amendments
        .iter()
        .filter(|amendment| writer.may_write(amendment.component.as_deref()))
        .collect();
    if missing.is_empty() && amendments.is_empty() {
        return Ok(false);
    }
    step(&context.metrics, "ensure_secrets", async {
        ensure_secrets::create(&context.client, namespace, &missing, &mut StdRng::from_os_rng()).await?;
        claim_secrets::amend(&context.client, namespace, &amendments).await
    })
    .await
    .map_err(PassError::EnsureSecrets)?;
    Ok(true)
}

/// What belongs to the platform and is not wanted.
fn left_over(
    writer: &Writer<'_>,
    standing: &TodoPlatformStatus,
    validated: &ValidatedPlatform,
    wanted: &BTreeSet<(ChildKind, String)>,
    gate: &Gate,
    waiting: &BTreeMap<String, Wait>,
) -> Vec<Leftover> {
    let claimant = Claimant {
        name: &writer.platform.name_any(),
        uid: &writer.platform.uid().unwrap_or_default(),
        inventory: &standing.inventory,
        adoption: validated.day2.adoption,
    };
    leftovers(
        &writer.context.live,
        writer.namespace,
        &claimant,
        wanted,
        gate,
        waiting,
    )
}

/// All that a pause keeps from being made, changed or deleted.
fn withheld(mut children: Vec<String>, secrets: &[String], leftovers: &[Leftover]) -> Vec<String> {
    children.extend(secrets.iter().map(|name| format!("Secret/{name}")));
    children.extend(
        leftovers
            .iter()
            .map(|leftover| format!("{}/{}", leftover.kind.as_str(), leftover.name)),
    );
    children
}
