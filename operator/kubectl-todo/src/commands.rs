//! The commands, one file each, and what several of them share.

pub(crate) mod check;
pub(crate) mod completion;
pub(crate) mod diff;
pub(crate) mod hibernate;
pub(crate) mod pause;
pub(crate) mod reconcile;
pub(crate) mod render;
pub(crate) mod restart;
pub(crate) mod resume;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod tree;
pub(crate) mod wake;
pub(crate) mod why;
