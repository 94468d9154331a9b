//! An embedded database or cache: its StatefulSet has a ready pod.

use k8s_openapi::api::apps::v1::StatefulSet;
use todoplatform_render::DependencyFact;

use super::{answered, failed};

/// Judges what the watch shows. Reasons: `Answered`, `NotCreated`, `NotReady`.
pub fn judge(name: &str, seen: Option<&StatefulSet>) -> DependencyFact {
    let Some(seen) = seen else {
        return failed("NotCreated", format!("StatefulSet {name} is not there yet"));
    };
    let ready = seen
        .status
        .as_ref()
        .and_then(|status| status.ready_replicas)
        .unwrap_or(0);
    if ready > 0 {
        answered(format!("StatefulSet {name} has a ready pod"))
    } else {
        failed("NotReady", format!("StatefulSet {name} has no ready pod yet"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::apps::v1::StatefulSetStatus;

    #[test]
    fn a_ready_pod_is_the_answer() {
        let with = |ready_replicas| StatefulSet {
            status: Some(StatefulSetStatus {
                ready_replicas,
                ..StatefulSetStatus::default()
            }),
            ..StatefulSet::default()
        };
        assert_eq!(judge("todo-redis", None).reason, "NotCreated");
        assert_eq!(
            judge("todo-redis", Some(&StatefulSet::default())).reason,
            "NotReady"
        );
        assert_eq!(judge("todo-redis", Some(&with(None))).reason, "NotReady");
        assert!(judge("todo-redis", Some(&with(Some(1)))).ready);
    }
}
