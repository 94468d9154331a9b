//! Which replica writes: one Lease, held by one process at a time, and a fence that ends a claim before another process
//! can make one.
//!
//! Every replica watches the Lease. It is taken by a replace with the version that was read, so that of two that try
//! one loses with 409. How old a claim is, each replica measures by its own monotonic clock, from the moment at which
//! it saw the record change: no two clocks are ever compared. A holder counts from the moment at which it *sent* its
//! last successful renewal and stops a third of the duration early, so a holder that is cut off from the API server has
//! stopped before anybody else can begin.

mod claim;
mod election;
mod keep;

pub use claim::Claim;
pub use election::{Election, Record, Step, Terms};
pub use keep::Keeper;
