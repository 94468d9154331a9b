//! Small types that several sections share.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// One key of a Secret in the platform's namespace.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// Name of the Secret, in the namespace of the TodoPlatform. Required.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    )]
    pub name: String,
    /// Key in the Secret's data. Required.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}

/// A Secret by name alone, as pods pull images with it.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct LocalSecretName {
    /// Name of the Secret, in the namespace of the TodoPlatform. Required.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    )]
    pub name: String,
}

/// CPU and memory of one container, as Kubernetes quantities.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// What the scheduler reserves. Default of both profiles: as the field says that holds these resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<ResourceAmounts>,
    /// What the container may not exceed. Default of both profiles: a memory limit and no CPU limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<ResourceAmounts>,
}

/// Amounts of CPU and memory.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ResourceAmounts {
    /// CPU, in cores or thousandths (`100m`). Default of both profiles: the component's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 16),
        regex(pattern = r"^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)$")
    )]
    pub cpu: Option<String>,
    /// Memory, in bytes with a binary suffix (`128Mi`, `1Gi`). Default of both profiles: the component's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16), regex(pattern = r"^[1-9][0-9]*(Ki|Mi|Gi|Ti)$"))]
    pub memory: Option<String>,
}

/// One environment variable of a service's container.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::ENV_ONE_SOURCE.rule())]
#[serde(rename_all = "camelCase")]
pub struct EnvVar {
    /// Name of the variable. A name that the operator sets too is taken from here. Required.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub name: String,
    /// The value in clear. Exactly one of `value` and `secretKeyRef` is set. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub value: Option<String>,
    /// The key of a Secret that holds the value. Exactly one of `value` and `secretKeyRef` is set. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeyRef>,
}

/// Storage of a component that the platform runs itself.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct EmbeddedStore {
    /// Size of the volume (`1Gi`). Fixed once the volume exists. Default of development: `1Gi`; production takes no embedded store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16), regex(pattern = r"^[1-9][0-9]*(Mi|Gi|Ti)$"))]
    pub storage_size: Option<String>,
    /// Storage class of the volume. Default of development: the cluster's default class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    )]
    pub storage_class_name: Option<String>,
    /// CPU and memory of its container. Default of development: 50m CPU, 128Mi memory, limit 512Mi for PostgreSQL; 25m, 32Mi, limit 128Mi for Redis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}
