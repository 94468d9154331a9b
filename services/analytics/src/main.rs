//! The analytics service: daily counts per user.

fn main() {}
