//! The HTTP stack: two listeners, limits, problems, request logs.
//!
//! On the app port every request passes, from the outside in: [`secure`] if the port is public (headers of the answer),
//! [`observe`] (trace, log line, metrics), [`limit`]
//! (concurrency, deadline), the body limit, [`app_token`] unless the port is public, and around the routes of events what
//! measures and traces those ([`crate::events`]). `/healthz` is answered before all that: daprd asks every few seconds,
//! without token, and counts for itself.

pub mod admin;
mod app;
mod app_token;
mod etag;
mod extract;
pub mod idempotency;
mod limit;
mod observe;
mod secure;
mod serve;

pub use app::{AppLayers, app};
pub use etag::{IfMatch, etag};
pub use extract::{Id, Ids, Json, Query};
pub use limit::BODY_MAX_BYTES;
pub use serve::{HEAD_PATIENCE, ListenError, bind, serve};
