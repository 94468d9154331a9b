//! What an object that exists needs beside an apply: to be let go of, and to lose what others added.

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;
use todoplatform_render::Child;

use crate::apply::FIELD_MANAGER;
use crate::hand_over;
use crate::plan::{Mend, Write};

/// Sends one child: mends what exists, then applies what is wanted.
pub async fn send(client: &Client, namespace: &str, write: &Write) -> Result<DynamicObject, kube::Error> {
    let Write {
        child,
        live,
        handling,
        ..
    } = write;
    let Some(mend) = live else {
        return hand_over::send(client, namespace, child, *handling).await;
    };
    let mended = mended(client, namespace, child, mend).await?;
    match mended {
        Some(mended) if !mend.is_applied => Ok(mended),
        Some(mended) if child.object.pointer("/metadata/resourceVersion").is_some() => {
            let mut child = child.clone();
            child.object["metadata"]["resourceVersion"] = json!(mended.metadata.resource_version);
            hand_over::send(client, namespace, &child, *handling).await
        }
        _ => hand_over::send(client, namespace, child, *handling).await,
    }
}

/// Lets go of an object where that is wanted, and removes what others added. None when there was nothing to do.
async fn mended(
    client: &Client,
    namespace: &str,
    child: &Child,
    mend: &Mend,
) -> Result<Option<DynamicObject>, kube::Error> {
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &child.kind.api_resource());
    let params = PatchParams {
        field_manager: Some(FIELD_MANAGER.into()),
        ..PatchParams::default()
    };
    let mut mended = None;
    let mut version = mend.resource_version.clone();
    if let Some(owners) = &mend.owners {
        let patch = json!({"metadata": {"resourceVersion": version, "ownerReferences": owners}});
        let answer = api.patch(&child.name, &params, &Patch::Merge(&patch)).await?;
        version.clone_from(&answer.metadata.resource_version);
        mended = Some(answer);
    }
    if !mend.removals.is_empty() {
        let patch = removal(version.as_deref(), &mend.removals)?;
        mended = Some(api.patch(&child.name, &params, &patch).await?);
    }
    Ok(mended)
}

/// Removes these places from an object of this version, and from no other: in another they may mean something else.
fn removal(version: Option<&str>, pointers: &[String]) -> Result<Patch<()>, kube::Error> {
    let test = json!({"op": "test", "path": "/metadata/resourceVersion", "value": version});
    let removals = pointers.iter().map(|path| json!({"op": "remove", "path": path}));
    let operations: Vec<_> = std::iter::once(test).chain(removals).collect();
    let patch = serde_json::from_value(json!(operations)).map_err(kube::Error::SerdeError)?;
    Ok(Patch::Json(patch))
}
