//! Writes one child, with the hand-over of its number of pods where [`crate::replicas`] asks for it.

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use todoplatform_render::Child;

use crate::apply::FIELD_MANAGER;
use crate::replicas::{Handling, REPLICAS_MANAGER, with_replicas};

/// Sends a child by server-side apply. Gives it as it stands after the last step.
///
/// Every step leaves a state from which the next pass goes on: a process that ends in between loses nothing.
pub async fn send(
    client: &Client,
    namespace: &str,
    child: &Child,
    handling: Handling,
) -> Result<DynamicObject, kube::Error> {
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &child.kind.api_resource());
    let held = match handling {
        Handling::AsIs | Handling::TakeBack => None,
        Handling::HandOver { replicas } => Some(replicas),
        Handling::Start { replicas } => {
            apply(&api, child, &with_replicas(child, replicas)).await?;
            Some(replicas)
        }
    };
    if let Some(replicas) = held {
        hold(&api, child, replicas).await?;
    }
    apply(&api, child, &child.object).await
}

async fn apply(
    api: &Api<DynamicObject>,
    child: &Child,
    object: &Value,
) -> Result<DynamicObject, kube::Error> {
    let params = PatchParams::apply(FIELD_MANAGER).force();
    api.patch(&child.name, &params, &Patch::Apply(object)).await
}

/// Says the number of pods as the second manager. Not by force: whoever has changed the number meanwhile is right, and the
/// conflict makes the next pass look again.
async fn hold(api: &Api<DynamicObject>, child: &Child, replicas: i32) -> Result<(), kube::Error> {
    let object = json!({
        "apiVersion": child.object["apiVersion"], "kind": child.object["kind"],
        "metadata": {"name": child.name}, "spec": {"replicas": replicas},
    });
    let params = PatchParams::apply(REPLICAS_MANAGER);
    api.patch(&child.name, &params, &Patch::Apply(&object)).await?;
    Ok(())
}
