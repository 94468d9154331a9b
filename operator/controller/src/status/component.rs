//! How one component stands, and what to do when it does not serve. Pure.

use todoplatform_api::{Blocker, ComponentStatus};

use super::pods::{self, PodProblem};
use crate::observe::{Counters, Observed, WorkloadKind};

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
pub const SIDECAR_PROBLEMS: [&str; 2] = ["SidecarMissing", "SidecarCrashLoop"];

/// A component's line in the status, and what it holds back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The line in `status.components`.
    pub status: ComponentStatus,
    /// None when it serves, or waits for something that is reported elsewhere.
    pub blocker: Option<Blocker>,
    /// Whether nothing will happen without a change by somebody.
    pub is_stuck: bool,
}

/// Judges one component.
pub fn judge(namespace: &str, observed: &Observed, is_gate_closed: bool, is_hibernated: bool) -> Judged {
    let Observed {
        declared,
        counters,
        pods,
        wait,
    } = observed;
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
    };
    if declared.is_paused {
        let message = "its objects are left as they are, by `paused` in the spec".to_owned();
        return Judged {
            status: line(PAUSED, message),
            blocker: None,
            is_stuck: false,
        };
    }
    let Some(counters) = counters else {
        if is_hibernated {
            return Judged {
                status: line(READY, NO_PODS.to_owned()),
                blocker: None,
                is_stuck: false,
            };
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
            status: line(reason, message),
            blocker,
            is_stuck: false,
        };
    };
    let is_ready = counters.serves(declared.replicas);
    let problem = pods
        .iter()
        .find_map(|pod| pods::problem(namespace, pod, is_service));
    let is_stuck = counters.is_stuck && !is_ready;
    match (problem, wait) {
        // A pod without its sidecar passes its own probes, and hears of no event.
        (Some(problem), _) if !is_ready || SIDECAR_PROBLEMS.contains(&problem.reason) => {
            let PodProblem {
                reason,
                message,
                next_action,
            } = problem;
            let blocker = blocker(observed, reason, &message, &next_action);
            Judged {
                status: line(reason, message),
                blocker: Some(blocker),
                is_stuck,
            }
        }
        (_, Some(wait)) => {
            let (reason, message) = (wait.reason.as_str(), wait.message());
            let next_action = format!("Nothing: it goes on by itself once {} lets it", wait.after);
            Judged {
                blocker: Some(blocker(observed, reason, &message, &next_action)),
                status: line(reason, message),
                is_stuck: false,
            }
        }
        _ if is_ready => {
            let message = match declared.replicas {
                0 => NO_PODS.to_owned(),
                _ => String::new(),
            };
            Judged {
                status: line(READY, message),
                blocker: None,
                is_stuck: false,
            }
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
            }
        }
    }
}

/// Whether a component serves, be it as declared or as it was left.
pub fn is_up(status: &ComponentStatus) -> bool {
    status.reason == READY || (status.reason == PAUSED && status.ready >= status.desired)
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
