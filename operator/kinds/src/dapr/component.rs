use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// Fields of a Dapr component: a broker, a state store.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "dapr.io",
    version = "v1alpha1",
    kind = "Component",
    namespaced,
    no_spec,
    schema = "disabled",
    derive = "PartialEq"
)]
pub struct ComponentFields {
    /// What it is and how it is reached.
    pub spec: ComponentSpec,
    /// App-ids that load it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Where its secrets are read; absent means Kubernetes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
}

/// Where a component's secrets are read.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// Name of a secret store component, which the sidecar loads first.
    pub secret_store: String,
}

/// What a component is and how it is reached.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ComponentSpec {
    /// The kind of component (`pubsub.redis`).
    #[serde(rename = "type")]
    pub component_type: String,
    /// Version of that kind (`v1`).
    pub version: String,
    /// How long its start may take (`30s`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_timeout: Option<String>,
    /// Settings by name.
    pub metadata: Vec<MetadataItem>,
}

/// One setting of a component.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct MetadataItem {
    /// Its name; Dapr ignores one that it does not know.
    pub name: String,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The key of a Secret with its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeyRef>,
}

impl MetadataItem {
    /// A setting in clear.
    pub fn value(name: &str, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: Some(value.into()),
            secret_key_ref: None,
        }
    }

    /// A setting that a Secret holds.
    pub fn secret(name: &str, secret: impl Into<String>, key: impl Into<String>) -> Self {
        let secret_key_ref = Some(SecretKeyRef {
            name: secret.into(),
            key: key.into(),
        });
        Self {
            name: name.into(),
            value: None,
            secret_key_ref,
        }
    }
}

/// One key of a Secret in the component's namespace. Without `key` Dapr takes the Secret's name for it, so it is
/// always written.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretKeyRef {
    /// Name of the Secret.
    pub name: String,
    /// Key in its data.
    pub key: String,
}
