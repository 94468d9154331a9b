//! The gateway: tokens, rate limits, CORS, routing.

fn main() {}
