//! What the end-to-end scenarios share: the cluster under test, the programs of the project, bounded waiting.
//!
//! The scenarios themselves are in `tests/`: `api` runs the operator as a process against a real API server,
//! `node` runs the whole platform on a real node with real Dapr. `cargo xtask test` starts what they need and says
//! where it is by environment variables; see [`env`].

pub mod audit;
pub mod browser;
pub mod cluster;
pub mod command;
pub mod env;
pub mod forward;
pub mod gate;
pub mod identity;
pub mod install;
pub mod kstatus;
pub mod mail;
pub mod operator;
pub mod platform;
pub mod prometheus;
pub mod proof;
pub mod proxy;
pub mod user;
pub mod wait;
pub mod writes;

/// What a scenario fails with: the message is the finding.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
/// The result of every step of a scenario.
pub type Result<T, E = Error> = std::result::Result<T, E>;
