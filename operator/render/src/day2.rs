//! What is decided about the platform's second day: what is undone, what outlives it, what it may take, who restarts.

use std::collections::BTreeMap;

use todoplatform_api::{
    AdoptionPolicy, DeletionMode, DriftIgnore, DriftMode, Profile, TodoPlatform, annotations,
};

use crate::ChildKind;

/// What is decided about the platform's second day.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Day2Settings {
    /// What is done about changes of others.
    pub drift: DriftMode,
    /// Fields that others may change.
    pub ignore: Vec<DriftIgnore>,
    /// What becomes of the objects when the platform is deleted.
    pub deletion: DeletionSettings,
    /// What may be taken that the platform did not make.
    pub adoption: AdoptionPolicy,
    /// Values of the annotations that ask for new pods.
    pub restarts: Restarts,
}

/// What becomes of the objects of each class when the platform is deleted.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeletionSettings {
    /// Of all that are of no other class.
    pub workloads: DeletionMode,
    /// Of volumes and the passwords of what is on them.
    pub data: DeletionMode,
    /// Of the other generated Secrets.
    pub keys: DeletionMode,
}

/// A class of objects that share what becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionClass {
    /// All that are of no other class.
    Workloads,
    /// Volumes and the passwords of what is on them.
    Data,
    /// The other generated Secrets.
    Keys,
}

impl DeletionSettings {
    /// What becomes of the objects of one class.
    pub fn of(self, class: DeletionClass) -> DeletionMode {
        match class {
            DeletionClass::Workloads => self.workloads,
            DeletionClass::Data => self.data,
            DeletionClass::Keys => self.keys,
        }
    }
}

/// Requests for new pods. A pod's template carries those that concern it, under their own keys.
#[derive(serde::Serialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Restarts {
    /// Of every service.
    pub all: Option<String>,
    /// Of single components.
    pub components: BTreeMap<String, String>,
}

impl Restarts {
    /// The requests that stand in a platform's annotations.
    pub fn of(platform: &TodoPlatform) -> Self {
        let mut restarts = Self::default();
        for (key, value) in platform.metadata.annotations.iter().flatten() {
            match key.strip_prefix(annotations::RESTART_REQUESTED_AT) {
                Some("") => restarts.all = Some(value.clone()),
                Some(rest) => {
                    if let Some(component) = rest.strip_prefix('.') {
                        restarts.components.insert(component.to_owned(), value.clone());
                    }
                }
                None => {}
            }
        }
        restarts
    }

    /// The annotations of a service's pods.
    pub fn of_service(&self, component: &str) -> BTreeMap<String, String> {
        let mut found = self.of_store(component);
        found.extend(
            self.all
                .iter()
                .map(|value| (annotations::RESTART_REQUESTED_AT.to_owned(), value.clone())),
        );
        found
    }

    /// The annotations of an embedded store's pods: it restarts only when it is named, since all wait for it.
    pub fn of_store(&self, component: &str) -> BTreeMap<String, String> {
        self.components
            .get(component)
            .map(|value| (annotations::restart_requested_at(component), value.clone()))
            .into_iter()
            .collect()
    }

    /// The greatest value, which is the latest when all are times of one form.
    pub fn latest(&self) -> Option<&str> {
        self.all
            .iter()
            .chain(self.components.values())
            .map(String::as_str)
            .max()
    }
}

/// Applies the profile.
pub(crate) fn resolve(platform: &TodoPlatform, profile: Profile) -> Day2Settings {
    let spec = &platform.spec;
    let drift = spec.drift_policy.clone().unwrap_or_default();
    let deletion = spec.deletion_policy.clone().unwrap_or_default();
    let data = match profile {
        Profile::Development => DeletionMode::Delete,
        Profile::Production => DeletionMode::Retain,
    };
    Day2Settings {
        drift: drift.mode.unwrap_or_default(),
        ignore: drift.ignore,
        deletion: DeletionSettings {
            workloads: deletion.workloads.unwrap_or_default(),
            data: deletion.data.unwrap_or(data),
            keys: deletion.keys.unwrap_or_default(),
        },
        adoption: spec.adoption_policy.unwrap_or_default(),
        restarts: Restarts::of(platform),
    }
}

impl Day2Settings {
    /// The pointers to the fields of one object that others may change.
    pub fn ignored(&self, kind: ChildKind, name: &str) -> impl Iterator<Item = &str> {
        self.ignore
            .iter()
            .filter(move |ignore| ignore.kind == kind.as_str() && (ignore.name == "*" || ignore.name == name))
            .map(|ignore| ignore.json_pointer.as_str())
    }
}
