//! How one component stands, and what to do when it does not serve. Pure.

use todoplatform_api::{Blocker, ComponentStatus};

use super::pods::{self, PodProblem, SIDECAR_MISSING};
use crate::observe::{Counters, Observed, WorkloadKind};
use crate::sidecars::{COMPONENT_NOT_LOADED, Doubt, SUBSCRIPTION_NOT_ACTIVE};

/// The component serves as it is declared.
pub const READY: &str = "Ready";
/// Its objects are left as they are.
pub const PAUSED: &str = "Paused";
/// Work is going on that ends by itself.
pub const PROGRESSING: &str = "Progressing";
/// A start gate is closed.
pub const WAITING_FOR_DEPENDENCIES: &str = "WaitingForDependencies";
/// The rollout made no progress for so long that Kubernetes gave up.
pub const PROGRESS_DEADLINE_EXCEEDED: &str = "ProgressDeadlineExceeded";
/// What is said of a component without pods.
const NO_PODS: &str = "no pods, as declared";
/// Reasons of problems with the sidecar.
pub const SIDECAR_PROBLEMS: [&str; 4] = [
    SIDECAR_MISSING,
    "SidecarCrashLoop",
    COMPONENT_NOT_LOADED,
    SUBSCRIPTION_NOT_ACTIVE,
];

/// A component's line in the status, and what it holds back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The line in `status.components`.
    pub status: ComponentStatus,
    /// None when it serves, or waits for something that is reported elsewhere.
    pub blocker: Option<Blocker>,
    /// Whether nothing will happen without a change by somebody.
    pub is_stuck: bool,
    /// What is worth saying of its sidecars, and holds nothing back.
    pub doubt: Option<Doubt>,
}

/// Judges one component.
pub fn judge(namespace: &str, observed: &Observed, is_gate_closed: bool, is_hibernated: bool) -> Judged {
    let Observed {
        declared,
        counters,
        pods,
        wait,
        sidecars,
    } = observed;
    let doubt = sidecars.as_ref().and_then(|sidecars| sidecars.doubt.clone());
    let is_service = declared.kind == WorkloadKind::Deployment;
    let known = counters.clone().unwrap_or_default();
    let line = |reason: &str, message: String| ComponentStatus {
        name: declared.component.clone(),
        desired: declared.replicas,
        updated: known.updated,
        ready: known.ready,
        image: Some(declared.image.clone()),
        revision: known.revision.clone(),
        reason: reason.to_owned(),
        message,
        dapr: sidecars.as_ref().map(|sidecars| sidecars.status.clone()),
    };
    let held_by_nothing = |status: ComponentStatus| Judged {
        status,
        blocker: None,
        is_stuck: false,
        doubt: doubt.clone(),
    };
    if declared.is_paused {
        let message = "its objects are left as they are, by `paused` in the spec".to_owned();
        return held_by_nothing(line(PAUSED, message));
    }
    let Some(counters) = counters else {
        if is_hibernated {
            return held_by_nothing(line(READY, NO_PODS.to_owned()));
        }
        let (reason, message) = if is_service && is_gate_closed {
            (
                WAITING_FOR_DEPENDENCIES,
                "not created before the dependencies have answered".to_owned(),
            )
        } else {
            (PROGRESSING, "not created yet".to_owned())
        };
        let blocker =
            (reason == PROGRESSING).then(|| blocker(observed, reason, &message, &look(namespace, observed)));
        return Judged {
            blocker,
            ..held_by_nothing(line(reason, message))
        };
    };
    let is_ready = counters.serves(declared.replicas);
    let is_stuck = counters.is_stuck && !is_ready;
    // A pod without its sidecar passes its own probes, and hears of no event.
    let of_pods = pods
        .iter()
        .find_map(|pod| pods::problem(namespace, pod, is_service))
        .filter(|problem| !is_ready || SIDECAR_PROBLEMS.contains(&problem.reason));
    match (of_pods.or_else(|| of_sidecars(observed, is_ready)), wait) {
        (Some(problem), _) => {
            let blocker = blocker(observed, problem.reason, &problem.message, &problem.next_action);
            Judged {
                status: line(problem.reason, problem.message),
                blocker: Some(blocker),
                is_stuck,
                doubt,
            }
        }
        (_, Some(wait)) => {
            let (reason, message) = (wait.reason.as_str(), wait.message());
            let next_action = format!("Nothing: it goes on by itself once {} lets it", wait.after);
            Judged {
                blocker: Some(blocker(observed, reason, &message, &next_action)),
                ..held_by_nothing(line(reason, message))
            }
        }
        _ if is_ready => {
            let message = match (declared.replicas, &doubt) {
                (0, _) => NO_PODS.to_owned(),
                (_, Some(doubt)) => doubt.message.clone(),
                (_, None) => String::new(),
            };
            held_by_nothing(line(READY, message))
        }
        _ => {
            let reason = if is_stuck {
                PROGRESS_DEADLINE_EXCEEDED
            } else {
                PROGRESSING
            };
            let message = progress(counters, declared.replicas);
            let blocker = blocker(observed, reason, &message, &look(namespace, observed));
            Judged {
                status: line(reason, message),
                blocker: Some(blocker),
                is_stuck,
                doubt,
            }
        }
    }
}

/// Whether a component serves, be it as declared or as it was left.
pub fn is_up(status: &ComponentStatus) -> bool {
    status.reason == READY || (status.reason == PAUSED && status.ready >= status.desired)
}

/// While pods come up, their subscriptions do too, and nobody waits for an answer; a component that has not loaded by
/// then will not.
fn of_sidecars(observed: &Observed, is_ready: bool) -> Option<PodProblem> {
    let problem = observed.sidecars.as_ref()?.problem.clone()?;
    (is_ready || problem.reason == COMPONENT_NOT_LOADED).then_some(PodProblem {
        reason: problem.reason,
        message: problem.message,
        next_action: problem.next_action,
    })
}

fn progress(counters: &Counters, wanted: i32) -> String {
    if wanted == 0 {
        return format!("{} pods still run", counters.replicas);
    }
    if counters.observed_generation < counters.generation {
        return "the change has not been taken up yet".to_owned();
    }
    let updated = counters.updated;
    if updated < wanted {
        return format!("{updated} of {wanted} pods run what is declared");
    }
    if counters.replicas > updated {
        return format!(
            "{} pods of an earlier revision still run",
            counters.replicas - updated
        );
    }
    format!(
        "{} of {wanted} pods are ready",
        counters.ready.min(counters.available)
    )
}

fn look(namespace: &str, observed: &Observed) -> String {
    let kind = match observed.declared.kind {
        WorkloadKind::Deployment => "deployment",
        WorkloadKind::StatefulSet => "statefulset",
    };
    format!(
        "kubectl -n {namespace} describe {kind} {}",
        observed.declared.name
    )
}

fn blocker(observed: &Observed, reason: &str, message: &str, next_action: &str) -> Blocker {
    Blocker {
        component: observed.declared.component.clone(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        next_action: next_action.to_owned(),
    }
}
