//! The gateway: the one public door. It verifies who calls, limits how much, and forwards to the services behind by Dapr
//! service invocation, from a fixed table of routes.
//!
//! The caller's own token goes on to the service, which verifies it again: no header of ours claims an identity.

mod body;
mod breaker;
mod circuit;
mod client;
mod config;
mod cors;
mod door;
mod failure;
mod forward;
mod hygiene;
pub mod limit;
mod openapi;
mod revocation;
mod route;
mod stream;

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::any,
};
use todo_kit::{
    Context, Ingress, Service, StartError,
    config::ConfigError,
    describe::{Description, Store},
};

use utoipa::openapi::OpenApi;

pub use client::{Proxies, TrustedProxiesConfig};
pub use config::{CorsConfig, GatewayConfig, PolicyConfig, RateLimitConfig, UnauthenticatedConfig};
pub use door::{Door, admit};
pub use forward::Forwarder;
pub use revocation::Revocations;

use crate::limit::{Backend, Limiter, Shared};
use crate::route::{TABLE, Target};

/// The service. Its `main` is one line.
#[derive(Debug)]
pub struct Gateway;

impl Service for Gateway {
    type Config = GatewayConfig;

    const INGRESS: Ingress = Ingress::Public;

    fn description() -> Description {
        Description {
            calls: Target::ALL.map(Target::name).to_vec(),
            about: openapi::ABOUT,
            stores: vec![Store::Redis],
            routes: TABLE.iter().map(|(pattern, _)| (*pattern).to_owned()).collect(),
            ..Description::new("gateway")
        }
    }

    fn api() -> OpenApi {
        openapi::merged(Target::ALL)
    }

    fn check(config: &GatewayConfig) -> Result<(), ConfigError> {
        config.check()
    }

    async fn start(context: &Context<GatewayConfig>) -> Result<Router, StartError> {
        let config = &context.config.service;
        // A Redis that is away makes limits inexact, not the gateway unready.
        let redis = context.redis(limit::PATIENCE, None)?;
        let common = &context.config.common;
        let (namespace, platform) = (&common.namespace, &common.platform);
        let shared = Shared::new(redis.clone(), namespace, platform);
        let backend = Arc::new(Backend::new(shared, limit::PATIENCE, &context.metrics));
        let watched = Arc::clone(&backend);
        context
            .background
            .spawn("watch-redis", |stop| async move { watched.watch(stop).await });
        let policies = config.rate_limit.policies();
        let door = Door {
            limiter: Limiter::new(policies, Arc::clone(&backend), &context.metrics),
            revocations: Revocations::new(redis, backend, namespace, platform, &context.metrics),
            proxies: config.trusted_proxies.proxies()?,
        };
        let forwarder = Forwarder::new(
            &context.environment,
            &config.peers,
            Arc::clone(&context.ids),
            context.tracer.clone(),
            &context.metrics,
        )?;
        context
            .background
            .spawn("event-streams", |stop| forwarder.clone().end_streams(stop));
        Ok(router(&forwarder, Arc::new(door), &config.cors))
    }
}

/// The public routes with all that stands before them: answers to preflights first, then the form of the request, then
/// who calls and how much.
pub fn router(forwarder: &Forwarder, door: Arc<Door>, origins: &CorsConfig) -> Router {
    let mut routes = Router::new();
    for (pattern, target) in TABLE.iter().filter(|(_, target)| forwarder.knows(*target)) {
        routes = routes.route(
            pattern,
            any(forward::forward).with_state((forwarder.clone(), *target)),
        );
    }
    routes
        .layer(from_fn_with_state(door, admit))
        .layer(from_fn(hygiene::refuse))
        // Nothing of these is forwarded, so their paths need not be read in one way only: the page is at `/docs/`.
        .merge(openapi::routes(forwarder.document()))
        .layer(cors::layer(origins))
}
