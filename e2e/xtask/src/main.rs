//! The project's commands: a test cluster, images, a running platform, all tests.

fn main() {}
