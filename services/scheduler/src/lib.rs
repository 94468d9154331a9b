//! The scheduler: reminders in Redis, published when they fall due.

pub mod fire;
pub mod store;
