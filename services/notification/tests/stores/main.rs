//! Deliveries on a real PostgreSQL, named by `TODO_TEST_POSTGRES_URL`, to a real SMTP server.

#![cfg(test)]

mod api;
mod attempts;
mod away;
mod document;
mod events;
mod fixture;
mod metrics;
mod once;
mod recipients;
mod traces;
