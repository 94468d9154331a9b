//! Pods that missed injection: Dapr's webhook is ignored when it does not answer, and the pod then runs without a
//! sidecar for ever. Such pods are deleted, so that their `ReplicaSets` make new ones: few at a time, since as long as the
//! injector is away each new one misses it too.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Preconditions};
use kube::runtime::events::{Event, EventType};
use kube::{Api, Resource, ResourceExt};
use todoplatform_api::TodoPlatform;

use crate::chain::Chain;
use crate::context::Context;
use crate::status::{SIDECAR, SIDECAR_MISSING};

/// Deletions per platform in [`WINDOW`].
pub const LIMIT: usize = 3;
/// How long a deletion counts.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// How old a pod is before it is deleted. This holds across restarts of the operator, which forgets its deletions.
pub const YOUNGEST: SignedDuration = SignedDuration::from_secs(10);

/// The deletions of one platform that count against its limit, the oldest first.
pub type Deletions = VecDeque<Timestamp>;

/// What to do about the pods of a platform.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// To be deleted now.
    pub delete: Vec<Arc<Pod>>,
    /// When there may be more to do.
    pub again: Option<Duration>,
}

/// Which of the pods are to be deleted now.
pub fn judge(pods: &[Arc<Pod>], deletions: &Deletions, now: Timestamp) -> Verdict {
    let counting = deletions.iter().filter(|at| now.duration_since(**at) < WINDOW);
    let mut left = LIMIT.saturating_sub(counting.clone().count());
    let free_again = counting.min().map(|oldest| WINDOW - now.duration_since(*oldest));
    let mut verdict = Verdict {
        delete: Vec::new(),
        again: None,
    };
    let mut look_again = |wait: Option<SignedDuration>| {
        let wait = wait
            .and_then(|wait| Duration::try_from(wait).ok())
            .unwrap_or_default();
        verdict.again = Some(verdict.again.map_or(wait, |again| again.min(wait)));
    };
    for pod in pods.iter().filter(|pod| is_without_sidecar(pod)) {
        let age = age(pod, now);
        if age < YOUNGEST {
            look_again(Some(YOUNGEST - age));
        } else if left == 0 {
            look_again(free_again);
        } else {
            left -= 1;
            verdict.delete.push(Arc::clone(pod));
        }
    }
    verdict
}

/// A pod that asked for a sidecar, has none, and comes back when it is deleted.
pub fn is_without_sidecar(pod: &Pod) -> bool {
    let asked = pod
        .annotations()
        .get("dapr.io/enabled")
        .is_some_and(|value| value == "true");
    let comes_back = pod
        .owner_references()
        .iter()
        .any(|owner| owner.controller == Some(true) && owner.kind == "ReplicaSet");
    let has_ended = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref())
        .is_some_and(|phase| matches!(phase, "Succeeded" | "Failed"));
    asked && comes_back && !has_ended && pod.metadata.deletion_timestamp.is_none() && !has_sidecar(pod)
}

/// Whether Dapr's injector added its container: as an ordinary one, or as one that starts first and stays.
pub fn has_sidecar(pod: &Pod) -> bool {
    pod.spec.as_ref().is_some_and(|spec| {
        let first = spec.init_containers.iter().flatten();
        first
            .chain(&spec.containers)
            .any(|container| container.name == SIDECAR)
    })
}

fn age(pod: &Pod, now: Timestamp) -> SignedDuration {
    pod.creation_timestamp()
        .map_or(SignedDuration::MAX, |created| now.duration_since(created.0))
}

/// Deletes the pods that missed injection, within the limit. Gives when to look again.
///
/// A failure is told and tried again: a platform does not fail of it.
pub async fn replace(
    context: &Context,
    platform: &TodoPlatform,
    namespace: &str,
    pods: &[Arc<Pod>],
    deletions: &mut Deletions,
) -> Option<Duration> {
    let now = context.clock.now();
    deletions.retain(|at| now.duration_since(*at) < WINDOW);
    let Verdict { delete, again } = judge(pods, deletions, now);
    let api = Api::<Pod>::namespaced(context.client.clone(), namespace);
    for pod in delete {
        let name = pod.name_any();
        let only_this = DeleteParams {
            preconditions: Some(Preconditions {
                uid: pod.uid(),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        // Counted before it is known to have worked: what fails must not be tried without end either.
        deletions.push_back(now);
        match api.delete(&name, &only_this).await {
            Ok(_) => told(context, platform, &name).await,
            Err(error) => tracing::warn!(
                object.name = name,
                error.chain = %Chain(&error),
                "a pod without its sidecar could not be deleted"
            ),
        }
    }
    again
}

async fn told(context: &Context, platform: &TodoPlatform, pod: &str) {
    context.metrics.pod_replaced();
    let note =
        format!("pod {pod} was admitted without Dapr's sidecar and is deleted, so that it is made again");
    tracing::warn!(object.name = pod, "{note}");
    let event = Event {
        type_: EventType::Warning,
        reason: SIDECAR_MISSING.to_owned(),
        action: "ReplacePod".to_owned(),
        note: Some(note),
        secondary: None,
    };
    if let Err(error) = context.recorder.publish(&event, &platform.object_ref(&())).await {
        context.metrics.event_failed();
        tracing::warn!(error.chain = %Chain(&error), "an Event was not published");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const CREATED: i64 = 1_700_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(CREATED + second).unwrap()
    }

    fn pod(change: impl Fn(&mut Value)) -> Arc<Pod> {
        let mut pod = json!({
            "metadata": {"name": "todo-task-1", "uid": "1", "creationTimestamp": at(0).to_string(),
                "annotations": {"dapr.io/enabled": "true"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "todo-task", "uid": "2", "controller": true}]},
            "spec": {"containers": [{"name": "app"}]},
            "status": {"phase": "Running"},
        });
        change(&mut pod);
        Arc::new(serde_json::from_value(pod).unwrap())
    }

    #[test]
    fn only_a_pod_that_asked_has_none_and_comes_back_is_replaced() {
        let cases: [(&str, Arc<Pod>, bool); 8] = [
            ("admitted without a sidecar", pod(|_| {}), true),
            (
                "with its sidecar",
                pod(|pod| pod["spec"]["containers"] = json!([{"name": "app"}, {"name": "daprd"}])),
                false,
            ),
            (
                "with one that starts first",
                pod(|pod| pod["spec"]["initContainers"] = json!([{"name": "daprd"}])),
                false,
            ),
            (
                "never asked",
                pod(|pod| pod["metadata"]["annotations"] = json!({})),
                false,
            ),
            (
                "asked for none",
                pod(|pod| pod["metadata"]["annotations"]["dapr.io/enabled"] = json!("false")),
                false,
            ),
            (
                "on its way out",
                pod(|pod| pod["metadata"]["deletionTimestamp"] = json!(at(1).to_string())),
                false,
            ),
            (
                "nobody's",
                pod(|pod| pod["metadata"]["ownerReferences"] = json!([])),
                false,
            ),
            (
                "at its end",
                pod(|pod| pod["status"]["phase"] = json!("Failed")),
                false,
            ),
        ];
        for (name, pod, expected) in cases {
            let verdict = judge(&[pod], &Deletions::new(), at(60));
            assert_eq!(verdict.delete.len(), usize::from(expected), "{name}");
            assert_eq!(verdict.again, None, "{name}");
        }
    }

    #[test]
    fn a_young_pod_is_left_until_it_is_ten_seconds_old() {
        let pods = [pod(|_| {})];
        let verdict = judge(&pods, &Deletions::new(), at(4));
        assert_eq!(
            (verdict.delete.len(), verdict.again),
            (0, Some(Duration::from_secs(6)))
        );
        assert_eq!(judge(&pods, &Deletions::new(), at(10)).delete.len(), 1);
    }

    #[test]
    fn three_in_five_minutes_and_then_the_next_when_the_first_no_longer_counts() {
        let pods: Vec<_> = (0..5)
            .map(|n| pod(|pod| pod["metadata"]["name"] = json!(format!("p{n}"))))
            .collect();
        let verdict = judge(&pods, &Deletions::new(), at(60));
        assert_eq!(verdict.delete.len(), LIMIT);
        let spent: Deletions = [at(60), at(70), at(80)].into();
        let verdict = judge(&pods, &spent, at(100));
        assert_eq!(
            (verdict.delete.len(), verdict.again),
            (0, Some(Duration::from_secs(260)))
        );
        let verdict = judge(&pods, &spent, at(365));
        assert_eq!(verdict.delete.len(), 1, "the first one is five minutes ago");
    }
}
