//! The TodoPlatform operator.
