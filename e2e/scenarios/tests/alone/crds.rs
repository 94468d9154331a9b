//! `CustomResourceDefinition`s that are taken away and put back, or come and go.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use serde_json::json;
use todo_scenarios::{Result, cluster, wait};

/// Takes all CRDs of an API group away, with every object of theirs, and waits until they are gone.
pub(crate) async fn take(client: &Client, group: &str) -> Result<Vec<CustomResourceDefinition>> {
    let api = Api::<CustomResourceDefinition>::all(client.clone());
    let mut taken = api.list(&ListParams::default()).await?.items;
    taken.retain(|crd| crd.spec.group == group);
    assert!(!taken.is_empty(), "CRDs of {group} are installed");
    for crd in &taken {
        api.delete(&crd.name_any(), &DeleteParams::default()).await?;
    }
    wait::until(Duration::from_mins(1), "the CRDs gone", || async {
        let left = api.list(&ListParams::default()).await?.items;
        match left.iter().find(|crd| crd.spec.group == group) {
            None => Ok(()),
            Some(crd) => Err(format!("{} is there", crd.name_any()).into()),
        }
    })
    .await?;
    for crd in &mut taken {
        crd.metadata = kube::api::ObjectMeta {
            name: crd.metadata.name.take(),
            labels: crd.metadata.labels.take(),
            ..kube::api::ObjectMeta::default()
        };
        crd.status = None;
    }
    Ok(taken)
}

/// Puts CRDs (back), and waits until they are served.
pub(crate) async fn put(client: &Client, crds: &[CustomResourceDefinition]) -> Result<()> {
    let api = Api::<CustomResourceDefinition>::all(client.clone());
    for crd in crds {
        api.create(&PostParams::default(), crd).await?;
    }
    for crd in crds {
        let what = format!("{} served", crd.name_any());
        wait::until(Duration::from_secs(30), &what, || async {
            let now = api.get(&crd.name_any()).await?;
            let conditions = now
                .status
                .and_then(|status| status.conditions)
                .unwrap_or_default();
            if conditions
                .iter()
                .any(|condition| condition.type_ == "Established" && condition.status == "True")
            {
                Ok(())
            } else {
                Err("not established".into())
            }
        })
        .await?;
    }
    Ok(())
}

/// Serves a kind of another operator with a schema that takes any field, and waits until the API server does.
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
    Api::<CustomResourceDefinition>::all(client.clone())
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
    if Api::<CustomResourceDefinition>::all(client.clone())
        .get_opt(&name)
        .await?
        .is_none()
    {
        return Ok(());
    }
    Api::<CustomResourceDefinition>::all(client.clone())
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
