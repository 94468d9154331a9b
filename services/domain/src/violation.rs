//! What is wrong with an input, and where.

use serde::Serialize;
use utoipa::ToSchema;

/// One rule that one value of the input breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Violation {
    /// JSON pointer (RFC 6901) into the input: `/reminders/0/at`; empty for the whole of it.
    pub pointer: String,
    /// Machine-readable name of the rule, never reworded: `too_long`.
    pub code: &'static str,
    /// The rule in words, for the person who sent the input.
    pub detail: String,
}

impl Violation {
    /// A violation of the rule `code` at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }
}
