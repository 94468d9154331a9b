mod api;
mod concurrency;
mod fixture;
mod metrics;
mod ownership;
mod relay;
