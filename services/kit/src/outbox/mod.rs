//! The outbox: events that commit with the change they tell of, and are published afterwards, in order, surely.
//!
//! The publisher's migrations make two tables, and the statement that writes a thing also inserts its event:
//!
//! ```sql
//! create table outbox (
//!     seq bigint generated always as identity primary key,
//!     id uuid not null unique,
//!     topic text not null,
//!     partition_key text not null,
//!     envelope jsonb not null,
//!     created_at timestamptz not null default now(),
//!     attempts integer not null default 0,
//!     next_attempt_at timestamptz not null default now(),
//!     last_error text,
//!     published_at timestamptz,
//!     parked_at timestamptz
//! );
//! create index outbox_pending on outbox (partition_key, seq) where published_at is null and parked_at is null;
//! create index outbox_published on outbox (published_at) where published_at is not null;
//! create table outbox_lease (
//!     only_row boolean primary key default true check (only_row),
//!     holder uuid not null,
//!     epoch bigint not null,
//!     expires_at timestamptz not null
//! );
//! ```
//!
//! [`Relay`] publishes. Of all replicas one holds the lease; it takes the oldest unpublished event of each partition
//! key, so that no event overtakes another of the same key, and marks what the broker took, unless it lost the lease
//! meanwhile. A crash between publishing and marking publishes again, with the same event id: consumers notice.
//!
//! An event that the broker refuses while it takes others is *parked* after [`Settings::attempts_max`] attempts, and
//! the events behind it go on. When nothing gets through, the broker is away, and no attempt counts against an event. When
//! only something gets through, events are taken at random, so that those of one topic or partition that is away do not
//! hold up the others by being older.

mod metrics;
mod relay;
mod store;

pub use metrics::OutboxMetrics;
pub use relay::{Relay, RelayError, Settings, Step};
