//! The HTTP operations, one file each.

pub(crate) mod projects;
pub(crate) mod sync;
pub(crate) mod tasks;
pub(crate) mod trash;
