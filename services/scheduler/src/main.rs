//! The scheduler: reminders in Redis, published when they fall due.

fn main() {}
