mod api;
mod concurrency;
mod fixture;
mod idempotency;
mod metrics;
mod ownership;
mod recurrence;
mod relay;
