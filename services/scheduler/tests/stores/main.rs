//! The reminder store on a real Redis, named by `TODO_TEST_REDIS_URL`.

#![cfg(test)]

mod claims;
mod cluster;
mod document;
mod events;
mod fixture;
mod metrics;
mod poller;
mod versions;
