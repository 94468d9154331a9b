//! The cluster under test: a client, namespaces of our own, objects of any kind.

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams},
    core::{ApiResource, GroupVersionKind},
};
use serde_json::{Value, json};

use crate::{Result, wait};

/// A client for the cluster that `KUBECONFIG` names.
pub async fn client() -> Result<Client> {
    // Another scenario of this process may have installed it already: that is as good.
    let _already = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::try_default().await?)
}

/// A namespace for one scenario, with the words of the scenario in its name.
pub async fn namespace(client: &Client, prefix: &str) -> Result<String> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let object = serde_json::from_value(json!({
        "metadata": {"generateName": format!("{prefix}-"), "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }))?;
    Ok(namespaces
        .create(&PostParams::default(), &object)
        .await?
        .name_any())
}

/// The kinds that the scenarios look at, by their usual names.
pub fn kind(name: &str) -> ApiResource {
    let (group, version, kind, plural) = match name {
        "TodoPlatform" => ("todoplatform.dev", "v1alpha1", "TodoPlatform", "todoplatforms"),
        "Component" => ("dapr.io", "v1alpha1", "Component", "components"),
        "Subscription" => ("dapr.io", "v2alpha1", "Subscription", "subscriptions"),
        "Configuration" => ("dapr.io", "v1alpha1", "Configuration", "configurations"),
        "Resiliency" => ("dapr.io", "v1alpha1", "Resiliency", "resiliencies"),
        "PodMonitor" => ("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors"),
        "ServiceMonitor" => ("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
        "PrometheusRule" => ("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"),
        "AlertmanagerConfig" => (
            "monitoring.coreos.com",
            "v1alpha1",
            "AlertmanagerConfig",
            "alertmanagerconfigs",
        ),
        "NetworkPolicy" => ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
        "Deployment" => ("apps", "v1", "Deployment", "deployments"),
        "StatefulSet" => ("apps", "v1", "StatefulSet", "statefulsets"),
        "HorizontalPodAutoscaler" => (
            "autoscaling",
            "v2",
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
        ),
        "ScaledObject" => ("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects"),
        "TriggerAuthentication" => (
            "keda.sh",
            "v1alpha1",
            "TriggerAuthentication",
            "triggerauthentications",
        ),
        "Job" => ("batch", "v1", "Job", "jobs"),
        "Cluster" => ("postgresql.cnpg.io", "v1", "Cluster", "clusters"),
        "PodDisruptionBudget" => ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
        "Ingress" => ("networking.k8s.io", "v1", "Ingress", "ingresses"),
        "HTTPRoute" => ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
        "Kafka" => ("kafka.strimzi.io", "v1", "Kafka", "kafkas"),
        "KafkaTopic" => ("kafka.strimzi.io", "v1", "KafkaTopic", "kafkatopics"),
        "Event" => ("events.k8s.io", "v1", "Event", "events"),
        core => ("", "v1", core, ""),
    };
    let plural = if plural.is_empty() {
        format!("{}s", kind.to_lowercase())
    } else {
        plural.to_owned()
    };
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), &plural)
}

/// Access to one kind in one namespace.
pub fn objects(client: &Client, namespace: &str, name: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &kind(name))
}

/// An object as JSON, or an error that says that it is not there.
pub async fn get(client: &Client, namespace: &str, kind: &str, name: &str) -> Result<Value> {
    let found = objects(client, namespace, kind).get_opt(name).await?;
    let object = found.ok_or_else(|| format!("{kind} {namespace}/{name} does not exist"))?;
    Ok(serde_json::to_value(object)?)
}

/// The names of all objects of a kind, sorted.
pub async fn names(client: &Client, namespace: &str, kind: &str) -> Result<Vec<String>> {
    let list = objects(client, namespace, kind)
        .list(&kube::api::ListParams::default())
        .await?;
    let mut names: Vec<String> = list.items.iter().map(ResourceExt::name_any).collect();
    names.sort();
    Ok(names)
}

/// Applies an object as a user would: server-side, as `scenario`.
pub async fn apply(client: &Client, namespace: &str, object: &Value) -> Result<Value> {
    let kind_name = object["kind"].as_str().ok_or("an object without kind")?;
    let name = object["metadata"]["name"]
        .as_str()
        .ok_or("an object without name")?;
    let applied = objects(client, namespace, kind_name)
        .patch(
            name,
            &PatchParams::apply("scenario").force(),
            &Patch::Apply(object),
        )
        .await?;
    Ok(serde_json::to_value(applied)?)
}

/// Merges a change into an object, as `kubectl edit` would, by another field manager than the operator.
pub async fn merge(client: &Client, namespace: &str, kind: &str, name: &str, change: &Value) -> Result<()> {
    objects(client, namespace, kind)
        .patch(name, &PatchParams::default(), &Patch::Merge(change))
        .await?;
    Ok(())
}

/// Merges a change into an object as a named field manager; a strategic merge, as kubectl makes it, where the kind
/// knows one.
pub async fn merge_as(
    client: &Client,
    namespace: &str,
    manager: &str,
    (kind, name): (&str, &str),
    change: &Value,
) -> Result<()> {
    let params = PatchParams {
        field_manager: Some(manager.to_owned()),
        ..PatchParams::default()
    };
    let api = objects(client, namespace, kind);
    if matches!(kind, "Deployment" | "StatefulSet" | "Service") {
        api.patch(name, &params, &Patch::Strategic(change)).await?;
    } else {
        api.patch(name, &params, &Patch::Merge(change)).await?;
    }
    Ok(())
}

/// Merges a change into an object's status: stands in for the controllers that a bare API server lacks.
pub async fn merge_status(
    client: &Client,
    namespace: &str,
    kind: &str,
    name: &str,
    status: &Value,
) -> Result<()> {
    let change = json!({ "status": status });
    objects(client, namespace, kind)
        .patch_status(name, &PatchParams::default(), &Patch::Merge(&change))
        .await?;
    Ok(())
}

/// Deletes an object and gives the uid that it had.
pub async fn delete(client: &Client, namespace: &str, kind: &str, name: &str) -> Result<String> {
    let api = objects(client, namespace, kind);
    let uid = api.get(name).await?.uid().unwrap_or_default();
    api.delete(name, &DeleteParams::default()).await?;
    Ok(uid)
}

/// Waits until an object is there again with another uid.
pub async fn replaced(client: &Client, namespace: &str, kind: &str, name: &str, old: &str) -> Result<()> {
    wait::until(
        Duration::from_secs(10),
        &format!("{kind} {name} back"),
        || async {
            let found = get(client, namespace, kind, name).await?;
            let uid = found["metadata"]["uid"].as_str().unwrap_or_default();
            if uid == old {
                Err("still the old one".into())
            } else {
                Ok(())
            }
        },
    )
    .await
}
