//! What the operator remembers of each platform between passes. All of it can be lost: a pass that remembers nothing
//! reads more and writes the same.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;
use kube::runtime::reflector::ObjectRef;
use todoplatform_api::{DriftIgnore, DriftMode, TodoPlatform, TodoPlatformStatus};
use todoplatform_render::ChildKind;

use tokio::time::Instant;

use crate::dereference::Answers;
use crate::drift::Deviation;
use crate::scaler::own_generation;
use crate::sidecars::watchdog::Deletions;

/// A child by kind and name.
pub type ChildKey = (ChildKind, String);

/// How often what others do to one child is undone in [`CONTEST_WINDOW`]; after that it is a contest, and left.
const CORRECTIONS: usize = 8;
/// See [`CORRECTIONS`].
pub const CONTEST_WINDOW: Duration = Duration::from_mins(1);

/// When each child was corrected last: two writers that undo each other would never come to rest.
#[derive(Debug, Default)]
pub struct Corrections(BTreeMap<ChildKey, Vec<Instant>>);

impl Corrections {
    /// What somebody did to this child was undone.
    pub fn count(&mut self, key: &ChildKey) {
        let times = self.0.entry(key.clone()).or_default();
        times.retain(|time| time.elapsed() < CONTEST_WINDOW);
        times.push(Instant::now());
    }

    /// Whether somebody changes this child as often as it is put back.
    pub fn is_contested(&self, key: &ChildKey) -> bool {
        let recent = |times: &Vec<Instant>| {
            times
                .iter()
                .filter(|time| time.elapsed() < CONTEST_WINDOW)
                .count()
        };
        self.0.get(key).is_some_and(|times| recent(times) >= CORRECTIONS)
    }
}

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
    pub sent: BTreeMap<ChildKey, Sent>,
    /// Changes of others that were left, by child.
    pub deviations: BTreeMap<ChildKey, Vec<Deviation>>,
    /// What is done about changes of others, as the children were compared last.
    pub drift_policy: Option<(DriftMode, Vec<DriftIgnore>)>,
    /// What was undone lately.
    pub corrections: Corrections,
    /// What was read from outside, for a few seconds.
    pub answers: Option<Answers>,
    /// The last status that was written, with the platform's resource version after it: the watch may be behind.
    pub status: Option<(TodoPlatformStatus, String)>,
    /// Pods that were deleted because they had no sidecar, for as long as they count.
    pub deletions: Deletions,
    /// Names of components that are in the metrics.
    pub components: Vec<String>,
}

impl PlatformMemory {
    /// A child agrees: as what, and with what others did to it, where that was looked at.
    pub fn remember(&mut self, key: &ChildKey, sent: Option<Sent>, deviations: Option<Vec<Deviation>>) {
        if let Some(sent) = sent {
            self.sent.insert(key.clone(), sent);
        }
        match deviations {
            Some(deviations) if deviations.is_empty() => {
                self.deviations.remove(key);
            }
            Some(deviations) => {
                self.deviations.insert(key.clone(), deviations);
            }
            None => {}
        }
    }

    /// Compares everything anew.
    pub fn doubt(&mut self) {
        for sent in self.sent.values_mut() {
            (sent.uid, sent.version) = (None, None);
        }
        self.answers = None;
    }

    /// Compares everything anew when something else is to be done about changes of others.
    pub fn follow(&mut self, mode: DriftMode, ignore: &[DriftIgnore]) {
        let policy = (mode, ignore.to_vec());
        if self.drift_policy.as_ref() != Some(&policy) {
            self.doubt();
            self.drift_policy = Some(policy);
        }
    }
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
