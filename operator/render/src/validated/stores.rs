//! The database and the cache.

use std::collections::BTreeMap;

use todoplatform_api::SecretKeyRef;

use super::ContainerResources;
use crate::image::ImageRef;

/// A store that the platform runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// Its image.
    pub image: ImageRef,
    /// Size of its volume.
    pub storage_size: String,
    /// Storage class of its volume; none means the cluster's default.
    pub storage_class_name: Option<String>,
    /// CPU and memory of its container.
    pub resources: ContainerResources,
}

/// Where a connection URL is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlSettings {
    /// The Secret's key with the URL.
    pub url: SecretKeyRef,
    /// The Secret's key with the certificate of the server's authority.
    pub ca: Option<SecretKeyRef>,
}

/// Where the connection URLs of the databases are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// By application.
    pub urls: BTreeMap<String, SecretKeyRef>,
    /// The Secret's key with the certificate of the server's authority.
    pub ca: Option<SecretKeyRef>,
}
