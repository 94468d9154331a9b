//! The notification service: mail for task events, exactly once enqueued.

fn main() {}
