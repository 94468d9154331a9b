//! A stored TodoPlatform that this version of the operator cannot read: said on the object itself, and left alone.

use kube::api::{ObjectMeta, Patch, PatchParams};
use kube::core::error_boundary::InvalidObject;
use kube::core::{ApiResource, DynamicObject};
use kube::{Api, Resource};
use serde_json::{Value, json};
use todoplatform_api::{Blocker, TodoPlatform, TodoPlatformStatus};

use crate::apply::FIELD_MANAGER;
use crate::context::Context;
use crate::findings;
use crate::reconcile::PassError;
use crate::report::Outcome;
use crate::status::{Draft, Finding, PAUSED, Situation, status};
use crate::write_status::WriteStatusError;

/// Says on the object what cannot be read.
///
/// The status before is as unreadable as the rest, so it is compared with nothing; the pass is repeated rarely.
pub async fn report(
    context: &Context,
    invalid: &InvalidObject,
) -> Result<(Outcome, std::time::Duration), PassError> {
    let ObjectMeta {
        name,
        namespace,
        uid,
        generation,
        ..
    } = &invalid.metadata;
    let (name, namespace) = (
        name.clone().unwrap_or_default(),
        namespace.clone().unwrap_or_default(),
    );
    let problem = Blocker {
        component: "spec".into(),
        reason: "InvalidObject".into(),
        message: format!("the stored object cannot be read: {}", invalid.error),
        next_action: format!("kubectl -n {namespace} edit todoplatform {name}"),
    };
    let situation = Situation {
        namespace: &namespace,
        generation: generation.unwrap_or_default(),
        now: context.clock.now(),
        before: &TodoPlatformStatus::default(),
        paused: Draft::unknown(PAUSED, "InvalidObject", "the object cannot be read"),
    };
    let failed = |source| {
        PassError::Status(WriteStatusError {
            name: name.clone(),
            source: Box::new(source),
        })
    };
    let resource = ApiResource::erase::<TodoPlatform>(&());
    let api = Api::<DynamicObject>::namespaced_with(context.client.clone(), &namespace, &resource);
    let stored = api.get(&name).await.map_err(failed)?;
    let told = json!(status(
        &situation,
        Finding::Stalled {
            problems: vec![problem]
        }
    ));
    let patch = json!({
        "apiVersion": TodoPlatform::api_version(&()),
        "kind": TodoPlatform::kind(&()),
        "metadata": {"name": name, "uid": uid},
        "status": over(&stored.data["status"], told),
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    api.patch_status(&name, &params, &Patch::Apply(&patch))
        .await
        .map_err(failed)?;
    Ok((Outcome::Stalled, findings::rarely(context)))
}

/// What is told, over what the status says: a member that is not sent would be taken away, and with the inventory the
/// platform would lose what it knows to be its own.
fn over(before: &Value, told: Value) -> Value {
    let mut status = before.as_object().cloned().unwrap_or_default();
    if let Value::Object(told) = told {
        status.extend(told);
    }
    Value::Object(status)
}
