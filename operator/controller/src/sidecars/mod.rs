//! What the sidecars have really loaded, against what is declared.
//!
//! Nothing in Kubernetes says whether a sidecar has its components: one that waits for a secret store is Ready without
//! them. So each sidecar is asked, on the port that is open without a token. Passes never wait for an answer: they take
//! what [`Follower`] knows and are triggered when it learns something new.

mod ask;
mod expected;
mod follow;
mod judge;
mod metadata;
pub mod watchdog;

pub use ask::ask;
pub use expected::{Expected, expected};
pub use follow::{Answer, Follower, Target};
pub use judge::{
    ASKING_SIDECARS, COMPONENT_NOT_LOADED, Doubt, Judgement, Problem, SIDECAR_UNREACHABLE,
    SUBSCRIPTION_NOT_ACTIVE, judge,
};
pub use metadata::Metadata;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use crate::status::SIDECAR;

/// Port of a sidecar on which its metadata is, on every address of the pod.
pub const PUBLIC_PORT: u16 = 3501;
/// What a pod read at its start, as a hash; the one of the Deployment's template is what is declared now.
pub const CONFIG_HASH: &str = "todoplatform.dev/config-hash";

/// The sidecars to ask: those that run in pods of what is declared now.
pub fn targets(pods: &[Arc<Pod>], expected: &BTreeMap<String, Arc<Expected>>, port: u16) -> Vec<Target> {
    pods.iter()
        .filter_map(|pod| {
            let component = pod.labels().get(crate::observe::COMPONENT_LABEL)?;
            let expected = expected.get(component)?;
            let is_current = pod.annotations().get(CONFIG_HASH) == expected.config_hash.as_ref();
            if pod.metadata.deletion_timestamp.is_some() || !is_current {
                return None;
            }
            let status = pod.status.as_ref()?;
            let started = status.init_container_statuses.iter().flatten();
            let sidecar = started
                .chain(status.container_statuses.iter().flatten())
                .find(|container| container.name == SIDECAR && container.ready)?;
            let address: IpAddr = status.pod_ip.as_ref()?.parse().ok()?;
            Some(Target {
                pod: pod.name_any(),
                uid: pod.uid()?,
                restarts: sidecar.restart_count,
                address: SocketAddr::new(address, port),
                component: component.clone(),
                expected: Arc::clone(expected),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_sidecars_that_run_what_is_declared_are_asked() {
        let declared = Expected {
            app_id: "todo-task".into(),
            config_hash: Some("now".into()),
            ..Expected::default()
        };
        let expected = BTreeMap::from([("task".to_owned(), Arc::new(declared))]);
        let pod = |hash: &str, ready: bool, ip: Option<&str>, component: &str| {
            let pod = json!({
                "metadata": {"name": "p", "uid": "u", "labels": {"app.kubernetes.io/component": component},
                    "annotations": {CONFIG_HASH: hash}},
                "status": {"podIP": ip, "containerStatuses": [
                    {"name": "daprd", "image": "", "imageID": "", "ready": ready, "restartCount": 2}]},
            });
            Arc::new(serde_json::from_value::<Pod>(pod).unwrap())
        };
        for (name, pod, asked) in [
            ("as declared", pod("now", true, Some("10.0.0.1"), "task"), 1),
            (
                "of an earlier template",
                pod("then", true, Some("10.0.0.1"), "task"),
                0,
            ),
            ("not ready", pod("now", false, Some("10.0.0.1"), "task"), 0),
            ("without an address", pod("now", true, None, "task"), 0),
            ("of a store", pod("now", true, Some("10.0.0.1"), "redis"), 0),
        ] {
            let found = targets(&[pod], &expected, 3501);
            assert_eq!(found.len(), asked, "{name}");
            assert!(found.iter().all(|target| target.restarts == 2
                && target.address.to_string() == "10.0.0.1:3501"
                && target.pod == "p"));
        }
    }
}
