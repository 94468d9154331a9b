//! The environment that `cargo xtask test` prepares. A missing variable is an error that names it.

use crate::Result;

/// The value of a variable that the scenario cannot do without.
pub fn required(name: &str) -> Result<String> {
    std::env::var(name)
        .map_err(|_| format!("{name} is not set: run the scenarios by `cargo xtask test`").into())
}

/// The value of a variable, or what stands in for it.
pub fn or(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}
