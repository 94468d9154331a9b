//! kubectl todo: day-2 work on a TodoPlatform.

fn main() {}
