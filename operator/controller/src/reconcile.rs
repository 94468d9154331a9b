//! The driver of a pass: dereference, validate, build, plan, ensure secrets, apply, prune, observe, status.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use kube::core::DeserializeGuard;
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::{Resource as _, ResourceExt};
use rand::SeedableRng;
use rand::rngs::StdRng;
use todoplatform_api::{Blocker, TodoPlatform, TodoPlatformStatus};
use todoplatform_render::{
    ChildKind, Facts, Gate, Prepared, Resources, ValidatedPlatform, build, references, validate,
};
use tokio::time::Instant;
use tracing::Instrument;

use crate::apply::{Applied, ApplyError, apply};
use crate::context::Context;
use crate::dereference::{DereferenceError, Dereferenced, Sources, dereference};
use crate::ensure_secrets::{self, EnsureSecretsError};
use crate::memory::PlatformMemory;
use crate::observe::observe;
use crate::plan::{Plan, PlanError, Reader, plan};
use crate::prune::{PruneError, leftovers, prune};
use crate::report::{self, Outcome};
use crate::status::{Finding, Situation, status};
use crate::step::step;
use crate::write_status::{WriteStatusError, standing, write_status};
use crate::{findings, invalid_object};

/// Longest time that one pass may take.
const PASS_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a pass failed. It is tried again with a backoff of its own.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// Reading what the spec refers to.
    #[error("dereference failed")]
    Dereference(#[source] DereferenceError),
    /// Reading children.
    #[error("plan failed")]
    Plan(#[source] PlanError),
    /// Making a generated Secret.
    #[error("ensuring the generated Secrets failed")]
    EnsureSecrets(#[source] EnsureSecretsError),
    /// Sending children.
    #[error("apply failed")]
    Apply(#[source] ApplyError),
    /// Deleting children.
    #[error("prune failed")]
    Prune(#[source] PruneError),
    /// Writing the status.
    #[error("status failed")]
    Status(#[source] WriteStatusError),
    /// It took too long.
    #[error("the pass did not end within {} s", PASS_TIMEOUT.as_secs())]
    TimedOut,
}

impl PassError {
    /// One word; stable, for metrics and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Dereference(_) => "DereferenceFailed",
            Self::Plan(_) => "PlanFailed",
            Self::EnsureSecrets(_) => "EnsureSecretsFailed",
            Self::Apply(error) => error.reason(),
            Self::Prune(_) => "PruneFailed",
            Self::Status(_) => "StatusFailed",
            Self::TimedOut => "TimedOut",
        }
    }
}

/// What a pass came to, and when the next one is due if nothing moves before.
type Done = (Outcome, Duration);

/// One pass, bounded in time and told of. kube's runtime never runs two for one platform at once.
pub async fn reconcile(
    guarded: Arc<DeserializeGuard<TodoPlatform>>,
    context: Arc<Context>,
) -> Result<Action, PassError> {
    let started = Instant::now();
    let namespace = guarded.namespace().unwrap_or_default();
    let key = ObjectRef::<TodoPlatform>::new(&guarded.name_any()).within(&namespace);
    let span = tracing::info_span!(
        "pass",
        platform = key.name,
        namespace = key.namespace,
        generation = guarded.meta().generation
    );
    let pass = bounded(&context, &guarded, &key).boxed();
    let result = pass.instrument(span.clone()).await;
    let action = span.in_scope(|| ended(&context, key, result, started.elapsed()));
    Ok(action)
}

async fn bounded(
    context: &Context,
    guarded: &DeserializeGuard<TodoPlatform>,
    key: &ObjectRef<TodoPlatform>,
) -> Result<Done, PassError> {
    let memory = context.memory.of(key);
    let mut memory = memory.lock().await;
    let pass = async {
        match &guarded.0 {
            Ok(platform) => pass(context, platform, &mut memory).await,
            Err(invalid) => invalid_object::report(context, invalid).await,
        }
    };
    tokio::time::timeout(PASS_TIMEOUT, pass)
        .await
        .unwrap_or(Err(PassError::TimedOut))
}

/// Tells of the pass, and says when the next one is due.
fn ended(
    context: &Context,
    key: ObjectRef<TodoPlatform>,
    result: Result<Done, PassError>,
    took: Duration,
) -> Action {
    let mut backoff = context.backoff.lock().unwrap_or_else(PoisonError::into_inner);
    let wait = match result {
        Ok((outcome, wait)) => {
            backoff.reset(&key);
            report::ended(&context.metrics, outcome, took);
            wait
        }
        Err(error) => {
            let wait = backoff.failed(key, (context.jitter)());
            report::failed(&context.metrics, &error, error.reason(), took, wait);
            wait
        }
    };
    context.metrics.set_in_backoff(backoff.len());
    Action::requeue(wait)
}

async fn pass(
    context: &Context,
    platform: &TodoPlatform,
    memory: &mut PlatformMemory,
) -> Result<Done, PassError> {
    if platform.metadata.deletion_timestamp.is_some() {
        // The children are owned: Kubernetes deletes them, and whatever is written now would come back to life.
        return Ok((Outcome::Skipped, findings::rarely(context)));
    }
    if memory.uid != platform.metadata.uid {
        *memory = PlatformMemory {
            uid: platform.metadata.uid.clone(),
            ..PlatformMemory::default()
        };
    }
    let before = standing(platform, memory);
    let after = settle(context, platform, &before, memory).await?;
    report::publish(
        &context.recorder,
        &context.metrics,
        platform,
        &before,
        &after.status,
    )
    .await;
    let namespace = platform.namespace().unwrap_or_default();
    memory.components = report::gauge(&context.metrics, &namespace, &platform.name_any(), &after.status);
    Ok((after.outcome, after.wait))
}

struct Settled {
    outcome: Outcome,
    wait: Duration,
    status: TodoPlatformStatus,
}

/// The steps that write: from what is wanted to the status that says how it stands.
async fn settle(
    context: &Context,
    platform: &TodoPlatform,
    before: &TodoPlatformStatus,
    memory: &mut PlatformMemory,
) -> Result<Settled, PassError> {
    let namespace = platform.namespace().unwrap_or_default();
    let uid = platform.uid().unwrap_or_default();
    let writer = Writer {
        context,
        platform,
        namespace: &namespace,
    };

    let mut wanted = match prepare(&writer, memory).await? {
        Preparation::Ready(wanted) => wanted,
        Preparation::Stalled(problems) => return writer.stalled(before, problems, memory).await,
    };
    let mut standing = writer.announce(before, &wanted, memory).await?;
    let missing = ensure_secrets::missing(&wanted.resources.secrets, &wanted.facts.secrets);
    if !missing.is_empty() {
        step(&context.metrics, "ensure_secrets", async {
            ensure_secrets::create(&context.client, &namespace, &missing, &mut StdRng::from_os_rng()).await
        })
        .await
        .map_err(PassError::EnsureSecrets)?;
        // Pods carry a hash of the keys that they use: build again, now that there are keys.
        memory.answers = None;
        wanted = match prepare(&writer, memory).await? {
            Preparation::Ready(wanted) => wanted,
            Preparation::Stalled(problems) => return writer.stalled(&standing, problems, memory).await,
        };
    }

    let Wanted {
        validated,
        resources,
        facts,
        plan,
    } = wanted;
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
    writer.count(before, &plan);

    let names = wanted_names(&plan, &resources);
    memory.sent.retain(|key, _| names.contains(key));
    let leftovers = leftovers(&context.live, &namespace, &uid, &names, &resources.gate);
    let is_pruned = leftovers.is_empty()
        || step(
            &context.metrics,
            "prune",
            prune(&context.client, platform, &namespace, &leftovers),
        )
        .await
        .map_err(PassError::Prune)?;

    let inventory = findings::inventory(&resources);
    let inventory = if is_pruned {
        inventory
    } else {
        findings::union(&standing.inventory, inventory)
    };
    let finding = found(&writer, &validated, &resources.gate, &facts, &applied, inventory);
    let (outcome, wait) = findings::next(context, &resources.gate, &references(platform), &facts);
    standing = writer.write(&standing, finding, memory).await?;
    Ok(Settled {
        outcome,
        wait,
        status: standing,
    })
}

/// What is wanted, and what has to be sent for it.
struct Wanted {
    validated: ValidatedPlatform,
    resources: Resources<Prepared>,
    facts: Facts,
    plan: Plan,
}

#[expect(
    clippy::large_enum_variant,
    reason = "one of them lives at a time, on the stack of its pass"
)]
enum Preparation {
    Ready(Wanted),
    Stalled(Vec<Blocker>),
}

/// The steps that only read: dereference, validate, build, plan.
async fn prepare(writer: &Writer<'_>, memory: &mut PlatformMemory) -> Result<Preparation, PassError> {
    let Writer {
        context,
        platform,
        namespace,
    } = *writer;
    let served = context.served.borrow().clone().unwrap_or_default();
    let sources = Sources {
        client: &context.client,
        live: &context.live,
        served: &served,
    };
    let Dereferenced {
        facts,
        foreign_secrets,
    } = step(
        &context.metrics,
        "dereference",
        dereference(&sources, platform, &mut memory.answers),
    )
    .await
    .map_err(PassError::Dereference)?;
    let validated = match validate(platform, &facts, &context.defaults) {
        Ok(validated) => validated,
        Err(invalid) => return Ok(Preparation::Stalled(findings::violations(invalid))),
    };
    let resources = build(&validated, &facts);
    let uid = platform.uid().unwrap_or_default();
    let reader = Reader {
        client: &context.client,
        live: &context.live,
        served: &served,
        namespace,
        uid: &uid,
    };
    let plan = step(
        &context.metrics,
        "plan",
        plan(&reader, resources.children.clone(), memory),
    )
    .await
    .map_err(PassError::Plan)?;
    let mut problems = findings::conflicts(namespace, &plan.conflicts);
    problems.extend(findings::foreign_secrets(
        namespace,
        &resources.secrets,
        &foreign_secrets,
    ));
    problems.extend(findings::incomplete_secrets(
        namespace,
        &ensure_secrets::incomplete(&resources.secrets, &facts.secrets),
    ));
    if !problems.is_empty() {
        return Ok(Preparation::Stalled(problems));
    }
    Ok(Preparation::Ready(Wanted {
        validated,
        resources,
        facts,
        plan,
    }))
}

/// Everything that must not be pruned: what is wanted and can be sent.
fn wanted_names(plan: &Plan, resources: &Resources<Prepared>) -> BTreeSet<(ChildKind, String)> {
    debug_assert!(
        plan.writes.len() + plan.unchanged <= resources.children.len(),
        "a plan adds nothing"
    );
    resources
        .children
        .iter()
        .map(|child| (child.kind, child.name.clone()))
        .collect()
}

fn found(
    writer: &Writer<'_>,
    validated: &ValidatedPlatform,
    gate: &Gate,
    facts: &Facts,
    applied: &Applied,
    inventory: Vec<todoplatform_api::InventoryEntry>,
) -> Finding {
    let Writer {
        context,
        platform,
        namespace,
    } = *writer;
    Finding::Observed {
        components: observe(
            &context.live,
            namespace,
            &platform.name_any(),
            findings::declared(validated),
            applied,
        ),
        dependencies: findings::dependencies(namespace, &references(platform), facts),
        is_gate_closed: matches!(gate, Gate::Closed { .. }),
        endpoint: validated.endpoint(),
        version: validated.version.clone(),
        inventory,
    }
}

/// Writes the status of one platform.
#[derive(Clone, Copy)]
struct Writer<'a> {
    context: &'a Context,
    platform: &'a TodoPlatform,
    namespace: &'a str,
}

impl Writer<'_> {
    async fn write(
        &self,
        before: &TodoPlatformStatus,
        finding: Finding,
        memory: &mut PlatformMemory,
    ) -> Result<TodoPlatformStatus, PassError> {
        let situation = Situation {
            namespace: self.namespace,
            generation: self.platform.metadata.generation.unwrap_or_default(),
            now: self.context.clock.now(),
            before,
        };
        let status = status(&situation, finding);
        step(
            &self.context.metrics,
            "status",
            write_status(&self.context.client, self.platform, before, status, memory),
        )
        .await
        .map_err(PassError::Status)
    }

    /// Before the first write after an edit: nobody may take the old `Ready` for the new spec, and what is about to
    /// be made is on record should this process end half-way.
    async fn announce(
        &self,
        before: &TodoPlatformStatus,
        wanted: &Wanted,
        memory: &mut PlatformMemory,
    ) -> Result<TodoPlatformStatus, PassError> {
        let missing = ensure_secrets::missing(&wanted.resources.secrets, &wanted.facts.secrets).len();
        let writes = wanted.plan.writes.len() + missing;
        let inventory = findings::inventory(&wanted.resources);
        let is_new = before.observed_generation != self.platform.metadata.generation;
        let is_on_record = inventory.iter().all(|entry| before.inventory.contains(entry));
        if writes == 0 || (!is_new && is_on_record) {
            return Ok(before.clone());
        }
        let inventory = findings::union(&before.inventory, inventory);
        self.write(before, Finding::Applying { inventory, writes }, memory)
            .await
    }

    async fn stalled(
        &self,
        before: &TodoPlatformStatus,
        problems: Vec<Blocker>,
        memory: &mut PlatformMemory,
    ) -> Result<Settled, PassError> {
        let wait = findings::until_mended(self.context, &problems);
        let status = self.write(before, Finding::Stalled { problems }, memory).await?;
        Ok(Settled {
            outcome: Outcome::Stalled,
            wait,
            status,
        })
    }

    /// Children were not taken: say so, and fail the pass when sending them again may help.
    async fn refused(
        &self,
        before: &TodoPlatformStatus,
        errors: Vec<ApplyError>,
        memory: &mut PlatformMemory,
    ) -> Result<Settled, PassError> {
        let problems = findings::refusals(self.namespace, &errors);
        let unavailable = errors
            .into_iter()
            .find(|error| matches!(error, ApplyError::Unavailable { .. }));
        match (unavailable, problems.first().cloned()) {
            (Some(error), Some(problem)) => {
                self.write(before, Finding::Retrying { problem }, memory).await?;
                Err(PassError::Apply(error))
            }
            _ => self.stalled(before, problems, memory).await,
        }
    }

    /// What was sent although the platform had not changed was drift.
    fn count(&self, before: &TodoPlatformStatus, plan: &Plan) {
        self.context.metrics.writes_skipped(plan.unchanged);
        if before.observed_generation != self.platform.metadata.generation {
            return;
        }
        let was_there = |kind: &str, name: &str| {
            before
                .inventory
                .iter()
                .any(|entry| entry.kind == kind && entry.name == name)
        };
        for write in &plan.writes {
            let kind = write.child.kind.as_str();
            if was_there(kind, &write.child.name) {
                self.context.metrics.drift_corrected(kind);
            }
        }
    }
}

#[cfg(test)]
mod tests;
