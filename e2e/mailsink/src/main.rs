//! A mail sink for the tests: a real SMTP server whose mail can be read over HTTP.

fn main() {}
