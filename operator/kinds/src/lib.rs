//! Small typed structs of foreign kinds that a platform is made of: only the fields that the operator writes.
//!
//! No client. The CRDs are installed by their owners; a field that is not here is not written.

pub mod dapr;
pub mod gateway;
pub mod grafana;
pub mod keda;
pub mod monitoring;
pub mod strimzi;
