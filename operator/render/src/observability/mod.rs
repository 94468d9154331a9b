//! What a platform shows of itself, made from what the catalog and the spec say of it.

pub mod dashboards;
pub mod metrics;
