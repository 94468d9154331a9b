//! Whose turn it is: which components may be written now, and which wait for another one first. Pure.
//!
//! Three things happen in order: restarts one app after another, hibernation from the gateway down to the stores, and
//! waking up from the stores to the gateway. What waits keeps what it runs: its objects are not written, so that no sidecar
//! runs with Dapr objects of another revision than its pod template says.

use std::collections::BTreeMap;

use todoplatform_render::ChildKind;

/// How far from the users a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Takes the users' requests.
    Gateway,
    /// Any other service.
    Service,
    /// An embedded store.
    Store,
}

/// What runs the pods of a component: as it is wanted, and as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Name of the component.
    pub component: String,
    /// How far from the users it is.
    pub layer: Layer,
    /// Whether any pods are wanted.
    pub wants_pods: bool,
    /// Whether writing it restarts its pods.
    pub restarts: bool,
    /// How it stands; none before it was created.
    pub live: Option<Standing>,
}

/// How a workload that exists stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Pods that it asks for.
    pub asked: i32,
    /// Pods that exist.
    pub pods: i32,
    /// Pods that serve.
    pub available: i32,
    /// Whether a change of its template is under way, or got stuck.
    pub is_rolling: bool,
    /// Whether every pod that it asks for runs the newest template and serves.
    pub serves: bool,
}

/// Why a component waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It restarts once another one serves.
    Turn,
    /// It stops once another one has stopped.
    Hibernating,
    /// It starts once another one serves.
    Waking,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Turn, Self::Hibernating, Self::Waking];

    /// The word for the status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Turn => "WaitingForTurn",
            Self::Hibernating => "Hibernating",
            Self::Waking => "Waking",
        }
    }
}

/// A component that is not written in this pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Why.
    pub reason: Reason,
    /// The component or dependency that it waits for.
    pub after: String,
}

impl Wait {
    /// One sentence for the status.
    pub fn message(&self) -> String {
        let after = &self.after;
        match self.reason {
            Reason::Turn => format!("restarts with its change once {after} serves"),
            Reason::Hibernating => format!("stops once {after} has stopped"),
            Reason::Waking => format!("starts once {after} serves"),
        }
    }

    /// Whether an object of this kind of the waiting component is held back with it: what its pods read at their start,
    /// and, while it sleeps, what would wake it. Addresses, identities and budgets restart nothing.
    pub fn holds(&self, kind: ChildKind) -> bool {
        let counts_pods = kind.is_autoscaler() && self.reason == Reason::Waking;
        counts_pods
            || kind.is_dapr()
            || matches!(
                kind,
                ChildKind::ConfigMap | ChildKind::Deployment | ChildKind::StatefulSet
            )
    }
}

/// Whether an object of this kind and component is held back.
pub fn is_held(waiting: &BTreeMap<String, Wait>, kind: ChildKind, component: Option<&str>) -> bool {
    component
        .and_then(|component| waiting.get(component))
        .is_some_and(|wait| wait.holds(kind))
}

/// The components that wait, each with its reason. `workloads` are in the order of their turns; `unanswered` are the
/// dependencies that do not answer.
///
/// A component that does not exist yet never waits: the first start is not paced.
pub fn turns(workloads: &[Workload], unanswered: &[String]) -> BTreeMap<String, Wait> {
    let mut waiting = BTreeMap::new();
    for workload in workloads {
        let Some(live) = workload.live else { continue };
        let wait = match (workload.wants_pods, live.asked) {
            (false, 1..) => before_sleep(workload, workloads),
            (true, 0) => before_waking(workload, workloads, unanswered),
            _ => None,
        };
        waiting.extend(wait.map(|wait| (workload.component.clone(), wait)));
    }
    waiting.extend(before_restart(workloads));
    waiting
}

/// Whether somebody waits for the turn of one that serves. If that one needs no write after all, nothing moves that a watch
/// could show.
pub fn waits_for_one_that_serves(workloads: &[Workload], waiting: &BTreeMap<String, Wait>) -> bool {
    let serves = |component: &String| {
        let found = workloads.iter().find(|workload| workload.component == *component);
        found
            .and_then(|workload| workload.live)
            .is_some_and(|live| live.serves && !live.is_rolling)
    };
    waiting
        .values()
        .any(|wait| wait.reason == Reason::Turn && serves(&wait.after))
}

/// A layer stops once those nearer to the users have no pods left.
fn before_sleep(workload: &Workload, workloads: &[Workload]) -> Option<Wait> {
    let still_runs = |other: &&Workload| {
        let live = other.live.unwrap_or_default();
        other.layer < workload.layer && !other.wants_pods && (live.asked > 0 || live.pods > 0)
    };
    let after = workloads.iter().find(still_runs)?.component.clone();
    Some(Wait {
        reason: Reason::Hibernating,
        after,
    })
}

/// A layer starts once those further from the users serve.
fn before_waking(workload: &Workload, workloads: &[Workload], unanswered: &[String]) -> Option<Wait> {
    if workload.layer == Layer::Store {
        return None;
    }
    let does_not_serve = |other: &&Workload| {
        other.layer > workload.layer
            && other.wants_pods
            && !other.live.is_some_and(|live| live.asked > 0 && live.serves)
    };
    let after = workloads
        .iter()
        .find(does_not_serve)
        .map(|other| &other.component)
        .or(unanswered.first())?;
    Some(Wait {
        reason: Reason::Waking,
        after: after.clone(),
    })
}

/// One app restarts at a time, and the next one only once everything serves again.
///
/// An app none of whose pods serves has nothing to lose and may have been given its mend: it does not wait. What got stuck
/// half-way goes first, since a new change is its only way out. Until then the others stay on what they run, which is safe.
/// A change that concerns one app alone does not wait for one that is down for reasons of its own.
fn before_restart(workloads: &[Workload]) -> Vec<(String, Wait)> {
    let standing = |workload: &Workload| workload.live.unwrap_or_default();
    // Stores restart at once, like what is down; but nothing restarts beside them.
    let is_paced = |workload: &Workload| {
        workload.restarts && workload.layer != Layer::Store && standing(workload).available > 0
    };
    let running: Vec<&Workload> = workloads
        .iter()
        .filter(|workload| workload.wants_pods && standing(workload).asked > 0)
        .collect();
    let paced: Vec<&Workload> = running
        .iter()
        .copied()
        .filter(|workload| is_paced(workload))
        .collect();
    let is_alone = paced.len() == 1;
    let goes_now = |workload: &&&Workload| workload.restarts && !is_paced(workload);
    let is_half_way = |workload: &&&Workload| !standing(workload).serves;
    let is_unwell = |workload: &&&Workload| {
        let live = standing(workload);
        !workload.restarts && !live.serves && (live.is_rolling || !is_alone)
    };
    let first = running
        .iter()
        .find(goes_now)
        .or_else(|| paced.iter().find(is_half_way))
        .or_else(|| running.iter().find(is_unwell))
        .or_else(|| paced.first());
    let Some(first) = first else { return Vec::new() };
    paced
        .iter()
        .filter(|workload| workload.component != first.component)
        .map(|workload| {
            let wait = Wait {
                reason: Reason::Turn,
                after: first.component.clone(),
            };
            (workload.component.clone(), wait)
        })
        .collect()
}

#[cfg(test)]
mod tests;
