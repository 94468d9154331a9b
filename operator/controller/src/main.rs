//! The TodoPlatform operator.

fn main() {}
