//! Kinds of other operators, as small as a scenario needs them: they take any field.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::json;
use todo_scenarios::{Result, cluster, wait};

/// Serves a kind, and waits until the API server does.
pub(crate) async fn install(client: &Client, namespace: &str, kind: &str) -> Result<()> {
    let resource = cluster::kind(kind);
    let name = format!("{}.{}", resource.plural, resource.group);
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let object = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": name, "annotations": {"api-approved.kubernetes.io": "unapproved, a scenario's"}},
        "spec": {
            "group": resource.group, "scope": "Namespaced",
            "names": {"kind": kind, "plural": resource.plural, "singular": kind.to_lowercase()},
            "versions": [{
                "name": resource.version, "served": true, "storage": true,
                "subresources": {"status": {}}, "schema": {"openAPIV3Schema": schema},
            }],
        },
    });
    definitions(client)
        .patch(
            &name,
            &PatchParams::apply("scenario").force(),
            &Patch::Apply(&object),
        )
        .await?;
    wait::until(Duration::from_secs(30), &format!("{kind} served"), || async {
        cluster::names(client, namespace, kind).await.map(|_| ())
    })
    .await
}

/// Takes a kind away with all its objects, and waits until it is gone.
pub(crate) async fn remove(client: &Client, namespace: &str, kind: &str) -> Result<()> {
    let resource = cluster::kind(kind);
    let name = format!("{}.{}", resource.plural, resource.group);
    if definitions(client).get_opt(&name).await?.is_none() {
        return Ok(());
    }
    definitions(client)
        .delete(&name, &DeleteParams::default())
        .await?;
    wait::until(Duration::from_secs(30), &format!("{kind} gone"), || async {
        match cluster::names(client, namespace, kind).await {
            Ok(_) => Err("still served".into()),
            Err(_) => Ok(()),
        }
    })
    .await
}

fn definitions(client: &Client) -> Api<CustomResourceDefinition> {
    Api::all(client.clone())
}
