//! A mail sink for the tests: a real SMTP server whose mail can be read over HTTP, as can the calls of webhooks and the spans
//! that it takes.
//!
//! [`Mailbox`] is the shared, bounded memory; [`smtp::serve`] fills it, [`http::router`] reads and empties it. The
//! sink forgets everything when it ends, speaks no TLS and asks for no password: it is for tests only.

pub mod http;
mod mailbox;
pub mod smtp;

pub use mailbox::{Limits, Mail, Mailbox};
