//! The TodoPlatform operator: keeps the platforms of a cluster as their resources say.
//!
//! One pass is dereference, validate, build, plan, ensure secrets, apply, prune, observe, status: one file per step;
//! [`reconcile`] is the driver.
#![expect(
    unreachable_pub,
    reason = "the binary and the tests use the crate's modules by their paths"
)]

pub mod admin;
pub mod apply;
pub mod backoff;
pub mod chain;
pub mod claim;
pub mod claim_secrets;
pub mod cli;
pub mod client;
pub mod clock;
pub mod commands;
pub mod compare;
pub mod context;
pub mod database_setup;
pub mod dereference;
pub mod drift;
pub mod duty;
pub mod ensure_secrets;
pub mod ensure_topics;
pub mod findings;
pub mod generated;
pub mod hand_over;
pub mod invalid_object;
pub mod jobs;
pub mod kafka;
pub mod lease;
pub mod live;
pub mod memory;
pub mod mend;
pub mod metrics;
pub mod observe;
pub mod optional_kinds;
pub mod own_crd;
pub mod pause;
pub mod plan;
pub mod probe;
pub mod prune;
pub mod rbac;
pub mod reconcile;
pub mod replicas;
pub mod report;
pub mod run;
pub mod scaler;
pub mod scope;
pub mod sidecars;
pub mod status;
pub mod step;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod turns;
pub mod watches;
pub mod workloads;
pub mod write_status;
