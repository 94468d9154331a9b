//! The proof that failures lose nothing and double nothing: its pure half.
//!
//! A [`schedule`] says which faults happen when; the clients and the recording consumer write a [`history`]; a
//! [`verdict`] judges it. What runs, kills and parts the programs is the test `proof`.

pub mod history;
pub mod schedule;
pub mod verdict;
