//! `spec.images`: where container images come from.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

use super::LocalSecretName;

/// When a node pulls an image.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
pub enum ImagePullPolicy {
    /// At every start of a container.
    Always,
    /// When the node does not have it.
    IfNotPresent,
    /// Never: the node must have it already.
    Never,
}

impl ImagePullPolicy {
    /// The value as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// Where container images come from.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Images {
    /// Registry and path from which everything comes that is not named in full: the services, PostgreSQL, Redis and daprd, each under the last part of its name (`registry.acme/mirror` gives `registry.acme/mirror/daprd:1.18.2`). Default of both profiles: the services from the operator's `--image-registry`, the others from where they are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9._:/-]*[a-zA-Z0-9]$")
    )]
    pub registry: Option<String>,
    /// Tag of the service images. Default of both profiles: the operator's `--image-tag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$"))]
    pub tag: Option<String>,
    /// Digest of images by component (`task: sha256:…`): the five services, `postgres`, `redis`, `daprd`. An image with a digest is named by it and not by its tag. Default of both profiles: what the release says, else tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::digest_map")]
    pub digests: BTreeMap<String, String>,
    /// When a node pulls an image, the sidecar's too. Default of both profiles: the operator's `--image-pull-policy`, else `IfNotPresent`; of sidecars the injector's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_policy: Option<ImagePullPolicy>,
    /// Secrets with which the pods pull their images, the sidecar's too. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub pull_secrets: Vec<LocalSecretName>,
    /// Full reference of the PostgreSQL image. Default of development: the operator's `--postgres-image`; production runs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*[a-zA-Z0-9]$")
    )]
    pub postgres: Option<String>,
    /// Full reference of the Redis image. Default of development: the operator's `--redis-image`; production runs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*[a-zA-Z0-9]$")
    )]
    pub redis: Option<String>,
    /// Full reference of the sidecar's image. Default of both profiles: with `registry` daprd of the release from there, else what Dapr's injector was installed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*[a-zA-Z0-9]$")
    )]
    pub daprd: Option<String>,
}
