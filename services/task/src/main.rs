//! The task service: tasks in PostgreSQL, events by outbox.

fn main() {}
