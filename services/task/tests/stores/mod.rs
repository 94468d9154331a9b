mod api;
mod concurrency;
mod fixture;
mod ownership;
mod relay;
