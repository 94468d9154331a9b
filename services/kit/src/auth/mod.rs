//! Who calls: bearer tokens, verified by every service itself.
//!
//! A token's header is parsed here rather than by a library, because issuers have begun to call Ed25519 by its name of
//! RFC 9864, and because every header member that could steer the verifier (`crit`, `jku`, `x5u`, …) is refused. The
//! algorithm must be allowed by configuration and must be the one that the key is for.

mod caller;
mod jwk;
mod keys;
mod source;
#[cfg(test)]
mod tests;
mod token;
mod verified;
mod verifier;

pub use caller::{Caller, bearer};
pub use keys::Keys;
pub use source::{KeySource, SourceError};
pub use token::Claims;
pub use verifier::{AuthError, Verifier};
