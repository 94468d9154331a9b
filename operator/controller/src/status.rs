//! The status of a platform: a pure function of what a pass found.

mod component;
mod conditions;
mod day2;
mod hibernation;
mod pods;
#[cfg(test)]
mod tests;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use k8s_openapi::jiff::Timestamp;
use todoplatform_api::{Blocker, DependencyStatus, InventoryEntry, SkippedKind, TodoPlatformStatus};
use todoplatform_render::Degradation;

pub use component::{PROGRESSING, READY as READY_REASON, WAITING_FOR_DEPENDENCIES};
pub use conditions::{
    DAPR_READY, DEGRADED, DEPENDENCIES_READY, DRIFTED, Draft, PAUSED, READY, RECONCILING, STALLED, cut,
};
pub use day2::{Day2, PAUSED_REASON};
pub use pods::{SIDECAR, SIDECAR_MISSING};

use crate::observe::Observed;
use crate::sidecars::{Doubt, SIDECAR_UNREACHABLE};
use crate::turns::Reason;
use component::{Judged, PROGRESS_DEADLINE_EXCEEDED, SIDECAR_PROBLEMS};
use conditions::{STANDING, complete, listed};

/// Objects are being sent.
pub const APPLYING: &str = "Applying";

/// Name of the dependency that has a condition of its own.
const DAPR: &str = "dapr";

/// A dependency as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its line in the status.
    pub status: DependencyStatus,
    /// What to do when it does not answer.
    pub next_action: String,
    /// The component of ours that it is, whose own problem says more: an embedded store.
    pub is_embedded: bool,
}

/// What a pass found.
#[derive(Debug)]
pub enum Finding {
    /// Nothing was sent, and nothing will be before somebody changes something. What ran runs on.
    Stalled {
        /// Why; never empty.
        problems: Vec<Blocker>,
    },
    /// Something could not be sent, and is tried again.
    Retrying {
        /// What, and why.
        problem: Blocker,
    },
    /// The pass failed before it knew how the platform stands, and is tried again.
    Failed {
        /// At what, and why.
        problem: Blocker,
    },
    /// Something will be sent now.
    Applying {
        /// All objects that the platform has or will have.
        inventory: Vec<InventoryEntry>,
        /// How many are sent.
        writes: usize,
    },
    /// A pass went through.
    Observed {
        /// The components.
        components: Vec<Observed>,
        /// The dependencies.
        dependencies: Vec<Found>,
        /// Whether the services may not be created yet.
        is_gate_closed: bool,
        /// Where the gateway answers; none when it is switched off.
        endpoint: Option<String>,
        /// Whether the platform is to sleep.
        is_hibernated: bool,
        /// What the platform does without.
        degradations: Vec<Degradation>,
        /// Version of the services.
        version: String,
        /// Kinds that the platform goes without.
        skipped: Vec<SkippedKind>,
        /// All objects of the platform.
        inventory: Vec<InventoryEntry>,
        /// What was found beside what is declared.
        day2: Box<Day2>,
    },
}

/// What the status is computed from.
#[derive(Debug)]
pub struct Situation<'a> {
    /// Namespace of the platform, for commands in next actions.
    pub namespace: &'a str,
    /// `metadata.generation` of the platform that the pass worked on.
    pub generation: i64,
    /// The present time: for conditions that flip now.
    pub now: Timestamp,
    /// The status before.
    pub before: &'a TodoPlatformStatus,
    /// The condition `Paused`: known before anything is looked at.
    pub paused: Draft,
}

/// The status after a pass, or in the middle of one.
pub fn status(situation: &Situation<'_>, finding: Finding) -> TodoPlatformStatus {
    let before = situation.before;
    match finding {
        Finding::Stalled { problems } => {
            let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
            let message = listed(messages.iter().copied());
            let reason = problems
                .first()
                .map_or("Stalled", |problem| problem.reason.as_str());
            let drafts = vec![
                Draft::yes(STALLED, reason, message.clone()),
                Draft::no(READY, reason, message),
            ];
            TodoPlatformStatus {
                blocking: problems,
                ..situation.with(drafts)
            }
        }
        Finding::Failed { problem } if situation.was_ready() => {
            let drafts = vec![
                Draft::yes(RECONCILING, &problem.reason, problem.message),
                Draft::again(READY, &before.conditions),
            ];
            situation.with(drafts)
        }
        Finding::Retrying { problem } | Finding::Failed { problem } => {
            let drafts = vec![
                Draft::yes(RECONCILING, &problem.reason, problem.message.clone()),
                Draft::no(READY, &problem.reason, problem.message.clone()),
            ];
            TodoPlatformStatus {
                blocking: vec![problem],
                ..situation.with(drafts)
            }
        }
        Finding::Applying { inventory, writes } => {
            let message = match writes {
                1 => "applying one object".to_owned(),
                writes => format!("applying {writes} objects"),
            };
            let drafts = vec![
                Draft::yes(RECONCILING, APPLYING, message.clone()),
                Draft::no(READY, APPLYING, message),
            ];
            TodoPlatformStatus {
                inventory,
                blocking: Vec::new(),
                ..situation.with(drafts)
            }
        }
        Finding::Observed {
            components,
            dependencies,
            is_gate_closed,
            is_hibernated,
            degradations,
            endpoint,
            version,
            skipped,
            inventory,
            day2,
        } => {
            let is_gate_closed = is_gate_closed && !is_hibernated;
            let judged: Vec<Judged> = components
                .iter()
                .map(|observed| {
                    component::judge(situation.namespace, observed, is_gate_closed, is_hibernated)
                })
                .collect();
            let mut blocking = blockers(&judged, &dependencies, is_gate_closed, is_hibernated);
            if let Some(held) = day2.blocker(before, situation.generation) {
                blocking.insert(0, held);
            }
            let ready = judged
                .iter()
                .filter(|judged| component::is_up(&judged.status))
                .count();
            let mut drafts = if is_hibernated {
                hibernation::drafts(&blocking)
            } else {
                drafts(&judged, &dependencies, &blocking, is_gate_closed)
            };
            drafts.push(degraded(&degradations));
            drafts.push(day2.drifted(before, situation.generation));
            let mut status = TodoPlatformStatus {
                components_ready: Some(format!("{ready}/{}", judged.len())),
                components: judged.into_iter().map(|judged| judged.status).collect(),
                dependencies: dependencies.into_iter().map(|found| found.status).collect(),
                blocking,
                endpoint,
                version: Some(version),
                skipped,
                inventory,
                ..situation.with(drafts)
            };
            day2.record(&mut status, situation.generation, is_gate_closed);
            status
        }
    }
}

impl Situation<'_> {
    /// Whether the platform was ready as it is declared now.
    fn was_ready(&self) -> bool {
        self.before.observed_generation == Some(self.generation)
            && condition(self.before, READY).is_some_and(|condition| condition.status == "True")
    }

    /// The status before, with these conditions in place of the old ones.
    fn with(&self, mut drafts: Vec<Draft>) -> TodoPlatformStatus {
        drafts.push(self.paused.clone());
        for type_ in STANDING {
            if !drafts.iter().any(|draft| draft.type_ == type_) {
                drafts.push(Draft::again(type_, &self.before.conditions));
            }
        }
        TodoPlatformStatus {
            observed_generation: Some(self.generation),
            conditions: complete(drafts, self.generation, self.now, &self.before.conditions),
            ..self.before.clone()
        }
    }
}

/// What holds Ready back, dependencies first. A dependency that does not answer while every component serves holds
/// nothing back: it has a condition of its own.
fn blockers(
    judged: &[Judged],
    dependencies: &[Found],
    is_gate_closed: bool,
    is_hibernated: bool,
) -> Vec<Blocker> {
    let mut of_components: Vec<Blocker> = judged
        .iter()
        .filter_map(|judged| judged.blocker.clone())
        .collect();
    // What others wait for comes before those that wait.
    of_components.sort_by_key(|blocker| Reason::ALL.iter().any(|reason| reason.as_str() == blocker.reason));
    if is_hibernated || (of_components.is_empty() && !is_gate_closed) {
        return of_components;
    }
    let of_dependencies = dependencies
        .iter()
        .filter(|found| !found.status.ready && !found.is_embedded);
    let mut blocking: Vec<Blocker> = of_dependencies
        .map(|found| Blocker {
            component: found.status.name.clone(),
            reason: found.status.reason.clone(),
            message: found.status.message.clone(),
            next_action: found.next_action.clone(),
        })
        .collect();
    blocking.extend(of_components);
    blocking
}

fn drafts(
    judged: &[Judged],
    dependencies: &[Found],
    blocking: &[Blocker],
    is_gate_closed: bool,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let texts: Vec<String> = blocking
        .iter()
        .map(|blocker| format!("{}: {}", blocker.component, blocker.message))
        .collect();
    let mut message = listed(texts.iter().map(String::as_str));
    if blocking.is_empty() && !is_gate_closed {
        drafts.push(Draft::yes(READY, component::READY, "every component serves"));
    } else {
        let mut reason = blocking
            .first()
            .map_or(PROGRESSING, |blocker| blocker.reason.as_str());
        if is_gate_closed && reason == PROGRESSING {
            reason = WAITING_FOR_DEPENDENCIES;
        }
        if message.is_empty() {
            "the dependencies have answered; the services are created next".clone_into(&mut message);
        }
        let is_held = blocking.iter().all(|blocker| blocker.reason == PAUSED_REASON);
        if is_held && !blocking.is_empty() {
            // Nothing is going on, and nothing is wrong.
        } else if judged.iter().any(|judged| judged.is_stuck) {
            drafts.push(Draft::yes(STALLED, PROGRESS_DEADLINE_EXCEEDED, message.clone()));
        } else {
            let is_waking = blocking
                .iter()
                .any(|blocker| blocker.reason == Reason::Waking.as_str());
            let why = if is_gate_closed {
                WAITING_FOR_DEPENDENCIES
            } else if is_waking {
                Reason::Waking.as_str()
            } else {
                PROGRESSING
            };
            drafts.push(Draft::yes(RECONCILING, why, message.clone()));
        }
        drafts.push(Draft::no(READY, reason, message));
    }
    drafts.push(dependencies_ready(dependencies));
    drafts.push(dapr_ready(judged, dependencies, is_gate_closed));
    drafts
}

/// Whether it serves, but not as declared.
fn degraded(degradations: &[Degradation]) -> Draft {
    match degradations.first() {
        None => Draft::no(DEGRADED, "AsDeclared", "nothing is missing"),
        Some(first) => {
            let messages = degradations
                .iter()
                .map(|degradation| degradation.message.as_str());
            Draft::yes(DEGRADED, first.reason, listed(messages))
        }
    }
}

fn dependencies_ready(dependencies: &[Found]) -> Draft {
    let mut missing: Vec<&Found> = dependencies
        .iter()
        .filter(|found| found.status.name != DAPR && !found.status.ready)
        .collect();
    // An embedded store comes up by itself; one of somebody else's may need somebody.
    missing.sort_by_key(|found| found.is_embedded);
    let missing: Vec<&DependencyStatus> = missing.into_iter().map(|found| &found.status).collect();
    match missing.first() {
        None => Draft::yes(
            DEPENDENCIES_READY,
            "Answered",
            "database, cache and broker answer",
        ),
        Some(first) => {
            let texts: Vec<String> = missing
                .iter()
                .map(|status| format!("{}: {}", status.name, status.message))
                .collect();
            Draft::no(
                DEPENDENCIES_READY,
                &first.reason,
                listed(texts.iter().map(String::as_str)),
            )
        }
    }
}

fn dapr_ready(judged: &[Judged], dependencies: &[Found], is_gate_closed: bool) -> Draft {
    let control_plane = dependencies
        .iter()
        .map(|found| &found.status)
        .find(|status| status.name == DAPR);
    if let Some(status) = control_plane
        && !status.ready
    {
        return Draft::no(DAPR_READY, &status.reason, status.message.clone());
    }
    let sidecars: Vec<&Blocker> = judged
        .iter()
        .filter_map(|judged| judged.blocker.as_ref())
        .filter(|blocker| SIDECAR_PROBLEMS.contains(&blocker.reason.as_str()))
        .collect();
    match sidecars.first() {
        Some(first) => {
            let messages = sidecars.iter().map(|blocker| blocker.message.as_str());
            Draft::no(DAPR_READY, &first.reason, listed(messages))
        }
        None if is_gate_closed => Draft::unknown(DAPR_READY, "NotStarted", "no sidecar runs yet"),
        None => doubted(judged),
    }
}

/// Nothing is wrong with the sidecars, as far as is known.
fn doubted(judged: &[Judged]) -> Draft {
    let doubts: Vec<&Doubt> = judged.iter().filter_map(|judged| judged.doubt.as_ref()).collect();
    let of = |reason: &str| doubts.iter().copied().find(|doubt| doubt.reason == reason);
    if let Some(silent) = of(SIDECAR_UNREACHABLE) {
        return Draft::unknown(DAPR_READY, SIDECAR_UNREACHABLE, silent.message.clone());
    }
    match doubts.first() {
        Some(doubt) => Draft::yes(DAPR_READY, doubt.reason, doubt.message.clone()),
        None => Draft::yes(DAPR_READY, "Ready", "control plane and sidecars are there"),
    }
}

/// Whether two statuses say the same, whenever they say it.
pub fn says_the_same(left: &TodoPlatformStatus, right: &TodoPlatformStatus) -> bool {
    let timeless = |status: &TodoPlatformStatus| {
        let mut status = status.clone();
        for condition in &mut status.conditions {
            condition.last_transition_time.0 = Timestamp::UNIX_EPOCH;
        }
        // Lists by key have no order of their own: the API server may keep the one in which items first came.
        status
            .conditions
            .sort_by(|left, right| left.type_.cmp(&right.type_));
        status
            .components
            .sort_by(|left, right| left.name.cmp(&right.name));
        status
            .dependencies
            .sort_by(|left, right| left.name.cmp(&right.name));
        status.skipped.sort_by(|left, right| left.kind.cmp(&right.kind));
        status
    };
    timeless(left) == timeless(right)
}

/// What this operator wrote of a status: conditions of other writers are theirs.
pub fn ours(mut status: TodoPlatformStatus) -> TodoPlatformStatus {
    let is_ours = |type_: &str| [READY, RECONCILING, STALLED].contains(&type_) || STANDING.contains(&type_);
    status.conditions.retain(|condition| is_ours(&condition.type_));
    status
}

/// One condition of a status.
pub fn condition<'a>(status: &'a TodoPlatformStatus, type_: &str) -> Option<&'a Condition> {
    status
        .conditions
        .iter()
        .find(|condition| condition.type_ == type_)
}
