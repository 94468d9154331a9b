//! A CloudNativePG cluster: its operator says whether it has a primary that serves.

use kube::core::ApiResource;
use kube::{Api, Client, api::DynamicObject};
use serde_json::Value;
use todoplatform_render::DependencyFact;

use super::{answered, failed};

/// Group and version of the kind.
const API_VERSION: &str = "postgresql.cnpg.io/v1";
/// Annotation that takes a cluster's pods away and keeps its volumes.
const HIBERNATION: &str = "cnpg.io/hibernation";

/// Reads the Cluster by name, and judges it.
///
/// Reasons: `Answered`, `KindMissing`, `ClusterMissing`, `Hibernated`, `NotReady`, `Forbidden`, `Unknown`.
pub async fn probe(client: &Client, namespace: &str, cluster: &str) -> DependencyFact {
    let resource = ApiResource {
        group: "postgresql.cnpg.io".into(),
        version: "v1".into(),
        api_version: API_VERSION.into(),
        kind: "Cluster".into(),
        plural: "clusters".into(),
    };
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &resource);
    match api.get_opt(cluster).await {
        Ok(Some(object)) => judge(cluster, &serde_json::to_value(&object).unwrap_or_default()),
        Ok(None) => missing(client, cluster).await,
        // A kind that is not served is answered in plain text, of which the client makes no `NotFound`.
        Err(kube::Error::Api(status)) if status.code == 404 => missing(client, cluster).await,
        Err(kube::Error::Api(status)) if status.code == 403 => failed(
            "Forbidden",
            format!("the operator may not read Cluster {cluster} ({API_VERSION})"),
        ),
        Err(_) => failed("Unknown", format!("Cluster {cluster} could not be read")),
    }
}

async fn missing(client: &Client, cluster: &str) -> DependencyFact {
    let is_served = match client.list_api_group_resources(API_VERSION).await {
        Ok(list) => list.resources.iter().any(|resource| resource.name == "clusters"),
        Err(_) => false,
    };
    if is_served {
        failed("ClusterMissing", format!("Cluster {cluster} does not exist"))
    } else {
        let message = format!("the API server does not serve Clusters ({API_VERSION})");
        failed("KindMissing", message)
    }
}

/// Judges what the Cluster says of itself.
fn judge(name: &str, cluster: &Value) -> DependencyFact {
    if cluster["metadata"]["annotations"][HIBERNATION] == "on" {
        return failed("Hibernated", format!("Cluster {name} is hibernated"));
    }
    let status = &cluster["status"];
    let conditions = status["conditions"].as_array().map_or(&[] as &[_], Vec::as_slice);
    if conditions
        .iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    {
        return answered(format!("Cluster {name} is ready"));
    }
    let count = |field: &str| status[field].as_i64().unwrap_or(0);
    let (ready, all) = (count("readyInstances"), count("instances"));
    let primary = status["currentPrimary"].as_str().unwrap_or_default();
    let target = status["targetPrimary"].as_str().unwrap_or(primary);
    // A cluster that lacks a replica serves; one that changes its primary does not.
    if ready > 0 && !primary.is_empty() && primary == target {
        return answered(format!(
            "Cluster {name} serves: {ready} of {all} instances are ready, {primary} is the primary"
        ));
    }
    let phase = status["phase"]
        .as_str()
        .unwrap_or("its operator has not looked at it yet");
    failed("NotReady", format!("Cluster {name} is not ready: {phase}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_primary_that_serves_is_the_answer() {
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let not_ready = json!([{"type": "Ready", "status": "False"}]);
        for (status, expected) in [
            (json!({}), "NotReady"),
            (json!({"phase": "Setting up primary", "instances": 1}), "NotReady"),
            (json!({"conditions": ready}), "Answered"),
            (
                json!({"conditions": not_ready, "instances": 3, "readyInstances": 2, "currentPrimary": "pg-1", "targetPrimary": "pg-1"}),
                "Answered",
            ),
            (
                json!({"conditions": not_ready, "instances": 3, "readyInstances": 2, "currentPrimary": "pg-1", "targetPrimary": "pending"}),
                "NotReady",
            ),
            (
                json!({"conditions": not_ready, "instances": 3, "readyInstances": 0, "currentPrimary": "pg-1"}),
                "NotReady",
            ),
        ] {
            let fact = judge("pg", &json!({"status": status}));
            assert_eq!(
                (fact.reason.as_str(), fact.ready),
                (expected, expected == "Answered"),
                "{status}"
            );
        }
        let hibernated =
            json!({"metadata": {"annotations": {HIBERNATION: "on"}}, "status": {"conditions": ready}});
        assert_eq!(judge("pg", &hibernated).reason, "Hibernated");
    }
}
