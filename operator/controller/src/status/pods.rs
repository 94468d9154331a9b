//! What keeps a pod from serving, in the words of its containers. Pure.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::ResourceExt;

use crate::sidecars::watchdog;

/// Name of the container that Dapr's injector adds.
pub const SIDECAR: &str = "daprd";

/// A pod was admitted without Dapr's sidecar.
pub const SIDECAR_MISSING: &str = "SidecarMissing";

/// What keeps a pod from serving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodProblem {
    /// One word; stable, for machines.
    pub reason: &'static str,
    /// One sentence with the pod's name.
    pub message: String,
    /// What to look at.
    pub next_action: String,
}

/// The first problem of a pod; none while it starts as it should, ends, or serves.
pub fn problem(namespace: &str, pod: &Pod, wants_sidecar: bool) -> Option<PodProblem> {
    if pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let name = pod.name_any();
    let describe = format!("kubectl -n {namespace} describe pod {name}");
    let status = pod.status.as_ref()?;
    let unschedulable = status.conditions.iter().flatten().any(|condition| {
        condition.type_ == "PodScheduled" && condition.reason.as_deref() == Some("Unschedulable")
    });
    if unschedulable {
        return Some(PodProblem {
            reason: "Unschedulable",
            message: format!("no node takes pod {name}"),
            next_action: describe,
        });
    }
    let started = status.init_container_statuses.iter().flatten();
    let containers: Vec<&ContainerStatus> = started
        .chain(status.container_statuses.iter().flatten())
        .collect();
    if let Some(problem) = containers
        .iter()
        .find_map(|container| waiting(namespace, &name, container))
    {
        return Some(problem);
    }
    if wants_sidecar && is_without_sidecar(pod, &containers) {
        return Some(PodProblem {
            reason: SIDECAR_MISSING,
            message: format!("pod {name} was admitted without Dapr's sidecar"),
            next_action: format!(
                "kubectl -n {namespace} delete pod {name}, once Dapr's sidecar injector runs; the operator does so too, \
                 three pods in five minutes"
            ),
        });
    }
    None
}

fn is_without_sidecar(pod: &Pod, containers: &[&ContainerStatus]) -> bool {
    watchdog::is_without_sidecar(pod)
        || (!containers.is_empty() && !containers.iter().any(|container| container.name == SIDECAR))
}

fn waiting(namespace: &str, pod: &str, status: &ContainerStatus) -> Option<PodProblem> {
    let reason = status.state.as_ref()?.waiting.as_ref()?.reason.as_deref()?;
    let (container, image) = (&status.name, &status.image);
    let describe = format!("kubectl -n {namespace} describe pod {pod}");
    match reason {
        "ImagePullBackOff"
        | "ErrImagePull"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "RegistryUnavailable" => Some(PodProblem {
            reason: "ImagePullBackOff",
            message: format!("pod {pod}: the image {image} of container {container} cannot be pulled"),
            next_action: describe,
        }),
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => Some(PodProblem {
            reason: "ContainerNotCreated",
            message: format!("pod {pod}: container {container} cannot be created"),
            next_action: describe,
        }),
        "CrashLoopBackOff" => {
            let ended = status
                .last_state
                .as_ref()
                .and_then(|state| state.terminated.as_ref());
            let how = ended.map_or_else(String::new, |ended| match ended.reason.as_deref() {
                Some(reason) if reason != "Error" => format!(" ({reason}, exit code {})", ended.exit_code),
                _ => format!(" (exit code {})", ended.exit_code),
            });
            Some(PodProblem {
                reason: if container == SIDECAR {
                    "SidecarCrashLoop"
                } else {
                    "CrashLoopBackOff"
                },
                message: format!("pod {pod}: container {container} ends again and again{how}"),
                next_action: format!("kubectl -n {namespace} logs {pod} -c {container} --previous"),
            })
        }
        _ => None,
    }
}
