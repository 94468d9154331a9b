//! What a platform does from its second day on: who may change it, what is left of it, what it may take over.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// What is done about changes that others make to the platform's objects.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::DRIFT_IGNORE_NEEDS_A_LOOK.rule())]
#[serde(rename_all = "camelCase")]
pub struct DriftPolicy {
    /// `Correct` undoes the change, `Report` leaves it and names it in the condition `Drifted`, `Ignore` leaves it and says nothing. An object that is gone is made again in every mode. Default of both profiles: `Correct`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<DriftMode>,
    /// Fields that others may change, whatever the mode. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["kind".into(), "name".into(), "jsonPointer".into()]))]
    pub ignore: Vec<DriftIgnore>,
}

/// What is done about a change.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
pub enum DriftMode {
    /// Undo it.
    #[default]
    Correct,
    /// Leave it and name it.
    Report,
    /// Leave it.
    Ignore,
}

/// A field that others may change.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DriftIgnore {
    /// Kind of the object (`Deployment`). Required.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[A-Z][A-Za-z0-9]*$"))]
    pub kind: String,
    /// Name of the object, or `*` for every one of the kind. Required.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^(\*|[a-z0-9]([-a-z0-9.]*[a-z0-9])?)$")
    )]
    pub name: String,
    /// The field and all below it, as a JSON pointer (`/spec/template/spec/nodeSelector`). Required.
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^/(spec|data|scopes|metadata/annotations)(/([^~/]|~[01])+)*$")
    )]
    pub json_pointer: String,
}

/// What becomes of the platform's objects when it is deleted, by class.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::KEPT_WORKLOADS_NEED_KEYS_AND_DATA.rule())]
#[serde(rename_all = "camelCase")]
pub struct DeletionPolicy {
    /// Everything that is not of the other classes: Deployments, StatefulSets, Services, Dapr objects, monitors. Default of both profiles: `Delete`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workloads: Option<DeletionMode>,
    /// Volumes of the embedded stores, and the Secrets with the passwords of what is on them. Default of development: `Delete`; of production: `Retain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DeletionMode>,
    /// The other generated Secrets: signing key and tokens. Default of both profiles: `Delete`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<DeletionMode>,
}

/// What becomes of an object when its platform is deleted.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
pub enum DeletionMode {
    /// It goes with the platform.
    #[default]
    Delete,
    /// It stays and belongs to nobody: a platform of the same name takes it only as `adoptionPolicy` says.
    Orphan,
    /// It stays for a platform of the same name, which takes it without being asked.
    Retain,
}

impl DeletionMode {
    /// The value as the resource writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Orphan => "Orphan",
            Self::Retain => "Retain",
        }
    }
}

/// What is done about an object that has the name of a child and was not made by the platform. One that another
/// controller owns is never taken.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
pub enum AdoptionPolicy {
    /// Leave it, and say so.
    #[default]
    Never,
    /// Take it if nobody lays claim to it: no owner, no `app.kubernetes.io/managed-by` of another.
    IfUnowned,
    /// Take it, whoever made it.
    TakeOver,
}
