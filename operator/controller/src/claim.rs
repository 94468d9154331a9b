//! Whose an object is that has the name of a child. Pure.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use todoplatform_api::{AdoptionPolicy, DeletionMode, InventoryEntry, TodoPlatform, annotations};
use todoplatform_render::{ChildKind, MANAGER};

use crate::live::INSTANCE_LABEL;

/// Label with which tools say that an object is theirs.
const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";

/// A platform that lays claim to its children.
#[derive(Clone, Copy, Debug)]
pub struct Claimant<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its UID.
    pub uid: &'a str,
    /// What it has on record as its own.
    pub inventory: &'a [InventoryEntry],
    /// What it may take that it did not make.
    pub adoption: AdoptionPolicy,
}

/// Whose an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The platform's, whether it is owned, on record, or lost its owner.
    Ours,
    /// Nobody's that the platform may not take.
    Free,
    /// Of the platform that had this name before: garbage collection is about to remove it.
    Leaving,
    /// Another controller's.
    Owned {
        /// The owner, as `Kind name`.
        owner: String,
    },
    /// Made by somebody else, and not to be taken.
    Taken {
        /// Who it seems to be.
        by: String,
    },
}

impl Claimant<'_> {
    /// Whose the object is.
    pub fn claim(&self, kind: ChildKind, meta: &ObjectMeta) -> Claim {
        let controller = meta
            .owner_references
            .iter()
            .flatten()
            .find(|owner| owner.controller == Some(true));
        match controller {
            Some(owner) if owner.uid == self.uid => Claim::Ours,
            Some(owner)
                if owner.kind == TodoPlatform::kind(&())
                    && owner.name == self.name
                    && owner.api_version.starts_with("todoplatform.dev/") =>
            {
                Claim::Leaving
            }
            Some(owner) => Claim::Owned {
                owner: format!("{} {}", owner.kind, owner.name),
            },
            None => self.unowned(kind, meta),
        }
    }

    fn unowned(&self, kind: ChildKind, meta: &ObjectMeta) -> Claim {
        let managed_by = label(meta, MANAGED_BY_LABEL);
        let instance = label(meta, INSTANCE_LABEL);
        let is_platforms = managed_by == Some(MANAGER);
        if is_platforms && instance != Some(self.name) {
            // Its platform may be there and want it: whoever has its label has it.
            return Claim::Taken {
                by: format!("TodoPlatform {}", instance.unwrap_or("without a name")),
            };
        }
        if self.is_on_record(kind, meta) || (is_platforms && !is_let_go(meta)) {
            return Claim::Ours;
        }
        let by = match managed_by {
            Some(MANAGER) => format!("a former TodoPlatform {}, which let it go", self.name),
            Some(tool) => tool.to_owned(),
            None => "somebody".to_owned(),
        };
        let is_unclaimed = managed_by.is_none_or(|tool| tool == MANAGER)
            && meta.owner_references.as_ref().is_none_or(Vec::is_empty);
        let is_free = match self.adoption {
            AdoptionPolicy::Never => false,
            AdoptionPolicy::IfUnowned => is_unclaimed,
            AdoptionPolicy::TakeOver => true,
        };
        if is_free { Claim::Free } else { Claim::Taken { by } }
    }

    fn is_on_record(&self, kind: ChildKind, meta: &ObjectMeta) -> bool {
        self.inventory
            .iter()
            .any(|entry| entry.kind == kind.as_str() && Some(&entry.name) == meta.name.as_ref())
    }
}

/// Whether the object outlived its platform and was to belong to nobody.
fn is_let_go(meta: &ObjectMeta) -> bool {
    meta.annotations
        .as_ref()
        .and_then(|annotations| annotations.get(annotations::DELETION_POLICY))
        .is_some_and(|mode| mode == DeletionMode::Orphan.as_str())
}

fn label<'a>(meta: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    meta.labels.as_ref()?.get(key).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn an_object_is_ours_by_owner_then_by_record_and_label_and_taken_by_consent_only() {
        use AdoptionPolicy::{IfUnowned, Never, TakeOver};
        let owner = |kind: &str, name: &str, uid: &str| {
            let api_version = if kind == "TodoPlatform" {
                "todoplatform.dev/v1alpha1"
            } else {
                "v1"
            };
            json!([{"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": true}])
        };
        let ours = json!({MANAGED_BY_LABEL: MANAGER, INSTANCE_LABEL: "todo"});
        let others = json!({MANAGED_BY_LABEL: MANAGER, INSTANCE_LABEL: "other"});
        let helm = json!({MANAGED_BY_LABEL: "Helm", INSTANCE_LABEL: "todo"});
        let orphan = json!({annotations::DELETION_POLICY: "Orphan"});
        let retain = json!({annotations::DELETION_POLICY: "Retain"});
        let taken = |by: &str| Claim::Taken { by: by.into() };
        let none = Value::Null;
        // name, owners, labels, annotations, on record, policy, claim
        let cases = [
            (
                "owned",
                owner("TodoPlatform", "todo", "1"),
                &none,
                &none,
                false,
                Never,
                Claim::Ours,
            ),
            (
                "owned by a stranger",
                owner("ConfigMap", "x", "9"),
                &ours,
                &none,
                true,
                TakeOver,
                Claim::Owned {
                    owner: "ConfigMap x".into(),
                },
            ),
            (
                "owned by another platform",
                owner("TodoPlatform", "b", "2"),
                &ours,
                &none,
                true,
                TakeOver,
                Claim::Owned {
                    owner: "TodoPlatform b".into(),
                },
            ),
            (
                "of the platform before",
                owner("TodoPlatform", "todo", "0"),
                &ours,
                &none,
                false,
                Never,
                Claim::Leaving,
            ),
            (
                "owner stripped",
                none.clone(),
                &ours,
                &none,
                false,
                Never,
                Claim::Ours,
            ),
            (
                "owner and labels stripped, on record",
                none.clone(),
                &none,
                &none,
                true,
                Never,
                Claim::Ours,
            ),
            (
                "retained",
                none.clone(),
                &ours,
                &retain,
                false,
                Never,
                Claim::Ours,
            ),
            (
                "let go",
                none.clone(),
                &ours,
                &orphan,
                false,
                Never,
                taken("a former TodoPlatform todo, which let it go"),
            ),
            (
                "let go, wanted back",
                none.clone(),
                &ours,
                &orphan,
                false,
                IfUnowned,
                Claim::Free,
            ),
            (
                "to be let go, but not yet",
                none.clone(),
                &ours,
                &orphan,
                true,
                Never,
                Claim::Ours,
            ),
            (
                "of another platform without owner",
                none.clone(),
                &others,
                &none,
                true,
                IfUnowned,
                taken("TodoPlatform other"),
            ),
            (
                "somebody's",
                none.clone(),
                &none,
                &none,
                false,
                Never,
                taken("somebody"),
            ),
            (
                "somebody's, free",
                none.clone(),
                &none,
                &none,
                false,
                IfUnowned,
                Claim::Free,
            ),
            (
                "Helm's",
                none.clone(),
                &helm,
                &none,
                false,
                IfUnowned,
                taken("Helm"),
            ),
            (
                "Helm's, taken over",
                none.clone(),
                &helm,
                &none,
                false,
                TakeOver,
                Claim::Free,
            ),
        ];
        for (name, owners, labels, annotations, is_on_record, adoption, expected) in cases {
            let meta: ObjectMeta = serde_json::from_value(json!({
                "name": "todo-task", "ownerReferences": owners, "labels": labels, "annotations": annotations,
            }))
            .unwrap();
            let entry = InventoryEntry {
                kind: "Service".into(),
                name: "todo-task".into(),
            };
            let inventory = if is_on_record { vec![entry] } else { vec![] };
            let claimant = Claimant {
                name: "todo",
                uid: "1",
                inventory: &inventory,
                adoption,
            };
            assert_eq!(claimant.claim(ChildKind::Service, &meta), expected, "{name}");
        }
    }
}
