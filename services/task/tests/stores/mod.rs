mod api;
mod concurrency;
mod fixture;
mod metrics;
mod ownership;
mod recurrence;
mod relay;
