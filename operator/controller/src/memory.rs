//! What the operator remembers of each platform between passes. All of it can be lost: a pass that remembers nothing
//! reads more and writes the same.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;
use kube::runtime::reflector::ObjectRef;
use todoplatform_api::{TodoPlatform, TodoPlatformStatus};
use todoplatform_render::ChildKind;

use crate::dereference::Answers;
use crate::scaler::own_generation;
use crate::sidecars::watchdog::Deletions;

/// A child as it was when it last agreed with what was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Hash of the object that was wanted.
    pub hash: [u8; 32],
    /// Its UID.
    pub uid: Option<String>,
    /// What moves when somebody changes it: `metadata.generation`, or the resource version of kinds without one.
    pub version: Option<String>,
}

impl Sent {
    /// What to remember of an object that agrees with `hash`.
    pub fn new(kind: ChildKind, hash: [u8; 32], meta: &ObjectMeta) -> Self {
        Self {
            hash,
            uid: meta.uid.clone(),
            version: version(kind, meta),
        }
    }

    /// The generation that it had, of a kind that has one.
    pub fn generation(&self) -> Option<i64> {
        self.version.as_ref()?.parse().ok()
    }

    /// The same of a whole object.
    pub fn of(kind: ChildKind, hash: [u8; 32], object: &DynamicObject) -> Self {
        match kind {
            ChildKind::HorizontalPodAutoscaler => Self::new(kind, hash, &own_generation(object)),
            _ => Self::new(kind, hash, &object.metadata),
        }
    }
}

fn version(kind: ChildKind, meta: &ObjectMeta) -> Option<String> {
    if kind.has_generation() || kind == ChildKind::HorizontalPodAutoscaler {
        meta.generation.map(|generation| generation.to_string())
    } else {
        meta.resource_version.clone()
    }
}

/// One platform, from its first pass on.
#[derive(Debug, Default)]
pub struct PlatformMemory {
    /// The platform's UID: another one of the same name shares nothing with it.
    pub uid: Option<String>,
    /// Children that agreed when last looked at, by kind and name.
    pub sent: BTreeMap<(ChildKind, String), Sent>,
    /// What was read from outside, for a few seconds.
    pub answers: Option<Answers>,
    /// The last status that was written, with the platform's resource version after it: the watch may be behind.
    pub status: Option<(TodoPlatformStatus, String)>,
    /// Pods that were deleted because they had no sidecar, for as long as they count.
    pub deletions: Deletions,
    /// Names of components that are in the metrics.
    pub components: Vec<String>,
}

/// Name and namespace. Versions that a reference may carry do not count when it is compared.
type Key = ObjectRef<TodoPlatform>;

/// All platforms of one scope.
#[derive(Debug, Default)]
pub struct Memory {
    platforms: Mutex<HashMap<Key, Arc<tokio::sync::Mutex<PlatformMemory>>>>,
}

impl Memory {
    /// What is remembered of a platform. An object never has two passes at once, so its lock is always free.
    pub fn of(&self, platform: &Key) -> Arc<tokio::sync::Mutex<PlatformMemory>> {
        let mut platforms = self.platforms.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(platforms.entry(platform.clone()).or_default())
    }

    /// The platform is gone.
    pub fn forget(&self, platform: &Key) -> Option<Arc<tokio::sync::Mutex<PlatformMemory>>> {
        self.platforms
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(platform)
    }
}
