//! What the services ask of their sidecar.
//!
//! Two small traits, [`Publisher`] and [`StateStore`], each with the sidecar behind it ([`DaprClient`]) or, for tests,
//! memory ([`FakePublisher`], [`FakeState`]).

mod client;
mod fake;
mod publish;
mod state;
#[cfg(test)]
mod tests;

use futures::future::BoxFuture;

pub use client::{DaprClient, DaprClientError};
pub use fake::{FakePublisher, FakeState, Published};
pub use publish::{DaprPublisher, Message, PublishError, Publisher};
pub use state::{DaprState, Etag, StateError, StateStore, Versioned};

/// What the methods of the traits return, so that they can be used behind `dyn`.
pub type Answer<'a, T, E> = BoxFuture<'a, Result<T, E>>;
