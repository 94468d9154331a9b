//! What can be said of a `TodoPlatform` without a cluster: check, lint, render, where settings come from.
//!
//! The operator's commands and `kubectl todo` are the same code. Only [`input`] reads files and [`render::split`]
//! writes them; everything else is pure.
#![expect(
    unreachable_pub,
    reason = "the operator and the plugin use the crate's modules by their paths"
)]

pub mod check;
pub mod defaults;
pub mod input;
pub mod lint;
pub mod provenance;
pub mod render;
