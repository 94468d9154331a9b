//! The steps of a pass that only read: dereference, validate, build, plan.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use todoplatform_api::Blocker;
use todoplatform_render::{
    Child, ChildKind, Facts, Prepared, Resources, SETUP, SecretRecipe, ValidatedPlatform, build,
    setup_standing, validate,
};

use super::PassError;
use super::writer::Writer;
use crate::claim::{Claim, Claimant};
use crate::claim_secrets::{Amendment, amendments};
use crate::dereference::{Dereferenced, Sources, dereference};
use crate::live::Live;
use crate::memory::PlatformMemory;
use crate::plan::{Conflict, Plan, Reader, plan};
use crate::probe::log::Missing;
use crate::replicas::remember;
use crate::step::step;
use crate::turns::{Wait, is_held, turns, waits_for_one_that_serves};
use crate::workloads::workloads;
use crate::write_status::standing;
use crate::{ensure_secrets, findings};

/// What is wanted, and what has to be sent for it.
pub(super) struct Wanted {
    pub(super) validated: ValidatedPlatform,
    pub(super) resources: Resources<Prepared>,
    pub(super) facts: Facts,
    pub(super) plan: Plan,
    /// Components that are not written in this pass.
    pub(super) waiting: BTreeMap<String, Wait>,
    /// Whether nothing will tell that the next component may have its turn: whose turn it was needs no write.
    pub(super) is_turn_passed_on: bool,
    /// Generated Secrets whose owner, labels or annotations are not right.
    pub(super) amendments: Vec<Amendment>,
    /// Topics that the operator has to make.
    pub(super) missing_topics: Option<Missing>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "one of them lives at a time, on the stack of its pass"
)]
pub(super) enum Preparation {
    Ready(Wanted),
    Stalled(Vec<Blocker>),
}

/// The steps that only read: dereference, validate, build, plan.
pub(super) async fn prepare(
    writer: &Writer<'_>,
    memory: &mut PlatformMemory,
) -> Result<Preparation, PassError> {
    let Writer {
        context,
        platform,
        namespace,
        pause,
    } = *writer;
    let served = context.served.borrow().clone().unwrap_or_default();
    let sources = Sources {
        client: &context.client,
        live: &context.live,
        served: &served,
        sees_cluster: context.sees_cluster,
    };
    let Dereferenced {
        facts,
        secrets,
        missing_topics,
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
    let facts = judged(&validated, facts);
    let mut resources = build(&validated, &facts);
    if validated.hibernated {
        remember_all(&mut resources, &validated, &context.live, namespace);
    }
    let uid = platform.uid().unwrap_or_default();
    let name = platform.name_any();
    let inventory = standing(platform, memory).inventory;
    let claimant = Claimant {
        name: &name,
        uid: &uid,
        inventory: &inventory,
        adoption: validated.day2.adoption,
    };
    let reader = Reader {
        client: &context.client,
        live: &context.live,
        served: &served,
        namespace,
        claimant,
        day2: &validated.day2,
        pause,
    };
    // Whoever is not written has no turn, and nobody waits for it.
    let moving = resources
        .written()
        .filter(|child| writer.may_write(child.component.as_deref()));
    let workloads = workloads(moving, &context.live, namespace, &memory.sent);
    let waiting = turns(&workloads, &findings::unanswered(&validated.references, &facts));
    let now: Vec<Child> = resources
        .written()
        .filter(|child| !is_held(&waiting, child.kind, child.component.as_deref()))
        .cloned()
        .collect();
    memory.follow(validated.day2.drift, &validated.day2.ignore);
    let plan = step(&context.metrics, "plan", plan(&reader, now, memory))
        .await
        .map_err(PassError::Plan)?;
    let mut conflicts = plan.conflicts.clone();
    conflicts.extend(conflicts_of_secrets(&claimant, &resources.secrets, &secrets));
    let mut problems = findings::conflicts(namespace, &name, &conflicts);
    problems.extend(findings::incomplete_secrets(
        namespace,
        &ensure_secrets::incomplete(&resources.secrets, &facts.secrets),
    ));
    if !problems.is_empty() {
        return Ok(Preparation::Stalled(problems));
    }
    let is_turn_passed_on =
        plan.writes.is_empty() && !plan.is_contested && waits_for_one_that_serves(&workloads, &waiting);
    let amendments = amendments(&resources.secrets, &secrets, &uid);
    Ok(Preparation::Ready(Wanted {
        validated,
        resources,
        facts,
        plan,
        waiting,
        is_turn_passed_on,
        amendments,
        missing_topics,
    }))
}

/// Notes how many pods the autoscalers had given, for when the platform wakes.
fn remember_all(
    resources: &mut Resources<Prepared>,
    validated: &ValidatedPlatform,
    live: &Live,
    namespace: &str,
) {
    let is_autoscaled = |name: &str| {
        let mut autoscaled = validated.apps.iter().filter(|app| app.autoscaling.is_some());
        autoscaled.any(|app| validated.names.app_id(&app.node.name) == name)
    };
    let deployments = resources
        .children
        .iter_mut()
        .filter(|child| child.kind == ChildKind::Deployment && is_autoscaled(&child.name));
    for child in deployments {
        let found = live.deployment(namespace, &child.name);
        let found = found.and_then(|found| serde_json::to_value(&*found).ok());
        remember(child, found.as_ref());
    }
}

/// With how the platform's own Job stands: which one it is only the validated platform says.
fn judged(validated: &ValidatedPlatform, mut facts: Facts) -> Facts {
    if let Some(standing) = setup_standing(validated, &facts) {
        facts.dependencies.insert(SETUP.into(), standing);
    }
    facts
}

/// Generated Secrets whose name is somebody else's.
fn conflicts_of_secrets(
    claimant: &Claimant<'_>,
    recipes: &[SecretRecipe],
    existing: &BTreeMap<String, ObjectMeta>,
) -> Vec<Conflict> {
    let conflict = |recipe: &SecretRecipe| {
        let claim = claimant.claim(ChildKind::Secret, existing.get(&recipe.name)?);
        let is_free = matches!(claim, Claim::Ours | Claim::Free);
        (!is_free).then(|| Conflict {
            kind: ChildKind::Secret,
            name: recipe.name.clone(),
            claim,
        })
    };
    recipes.iter().filter_map(conflict).collect()
}
