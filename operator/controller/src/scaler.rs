//! What the watch keeps of autoscalers. Their controllers write a status every few seconds, which concerns nobody here.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The metadata with what the API server does not keep for a HorizontalPodAutoscaler: a generation that moves with its spec
/// and with nothing else.
pub fn own_generation(object: &DynamicObject) -> ObjectMeta {
    let spec = object.data.get("spec").unwrap_or(&Value::Null);
    let digest = Sha256::digest(spec.to_string());
    let [a, b, c, d, ..] = <[u8; 32]>::from(digest);
    ObjectMeta {
        generation: Some(u32::from_be_bytes([a, b, c, d]).into()),
        ..object.metadata.clone()
    }
}

/// Keeps the metadata of an autoscaler, without what moves with its status.
pub fn strip(object: &mut DynamicObject) {
    object.metadata = ObjectMeta {
        managed_fields: None,
        resource_version: None,
        ..own_generation(object)
    };
    object.data = Value::Null;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(spec: &Value, status: &Value, version: &str) -> ObjectMeta {
        let mut object: DynamicObject = serde_json::from_value(json!({
            "metadata": {"name": "todo-task", "resourceVersion": version}, "spec": spec, "status": status,
        }))
        .unwrap();
        strip(&mut object);
        assert_eq!(object.data, Value::Null);
        object.metadata
    }

    #[test]
    fn a_spec_is_news_and_a_status_is_not() {
        let spec = json!({"minReplicas": 2});
        let before = seen(&spec, &json!({"currentReplicas": 2}), "1");
        assert_eq!(before, seen(&spec, &json!({"currentReplicas": 3}), "2"));
        assert_ne!(
            before,
            seen(&json!({"minReplicas": 3}), &json!({"currentReplicas": 2}), "3")
        );
    }
}
