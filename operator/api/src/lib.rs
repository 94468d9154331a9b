//! The TodoPlatform resource: its types, rules and status.
