//! The counts on a real PostgreSQL, named by `TODO_TEST_POSTGRES_URL`.

#![cfg(test)]

mod api;
mod document;
mod events;
mod fixture;
mod metrics;
mod orders;
mod replica;
