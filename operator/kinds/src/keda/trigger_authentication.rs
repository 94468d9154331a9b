use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// Where a trigger's credentials are.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "keda.sh",
    version = "v1alpha1",
    kind = "TriggerAuthentication",
    namespaced,
    schema = "disabled",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct TriggerAuthenticationSpec {
    /// Keys of Secrets in the same namespace.
    pub secret_target_ref: Vec<SecretTargetRef>,
}

/// One key of a Secret.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretTargetRef {
    /// The trigger's parameter.
    pub parameter: String,
    /// Name of the Secret.
    pub name: String,
    /// Key in its data.
    pub key: String,
}
