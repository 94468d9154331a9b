//! A hash of the pod template that is wanted, on the workload itself: it tells whether applying the workload restarts its
//! pods, also when something was taken out of the template, which a comparison with the live one cannot see among the API
//! server's defaults.

use serde_json::Value;

use super::hash::json_hash;
use crate::{Child, ChildKind};

/// Annotation of Deployments and StatefulSets; never in the pod template.
pub const TEMPLATE_HASH: &str = "todoplatform.dev/template-hash";

/// Marks every workload.
pub(super) fn mark(children: &mut [Child]) {
    for child in children
        .iter_mut()
        .filter(|child| matches!(child.kind, ChildKind::Deployment | ChildKind::StatefulSet))
    {
        let hash = json_hash(&child.object["spec"]["template"]);
        if let Some(metadata) = child.object["metadata"].as_object_mut() {
            let annotations = metadata
                .entry("annotations")
                .or_insert_with(|| Value::Object(serde_json::Map::new()));
            annotations[TEMPLATE_HASH] = Value::String(hash);
        }
    }
}
