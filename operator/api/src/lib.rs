//! The TodoPlatform resource: its types, rules and status.
//!
//! Pure data: no client, no clock, no async.
#![expect(
    unreachable_pub,
    reason = "the KubeSchema derive generates a public twin of each struct inside its module"
)]

pub mod annotations;
pub mod check;
mod compat;
mod crd;
mod docs;
pub mod rules;
mod schema;
mod spec;
mod status;

pub use compat::{Breakage, breakages};
pub use crd::{crd, crd_yaml, schema};
pub use docs::docs;
pub use spec::*;
pub use status::{
    Blocker, ComponentDapr, ComponentStatus, DependencyStatus, InventoryEntry, SkippedKind,
    TodoPlatformStatus,
};
