//! The gateway: the one public door. It verifies who calls, limits how much, and forwards to the services behind by Dapr
//! service invocation, from a fixed table of routes.
//!
//! The caller's own token goes on to the service, which verifies it again: no header of ours claims an identity.

mod config;
mod cors;
mod forward;
mod hygiene;
pub mod limit;
mod openapi;
mod route;

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

pub use config::{CorsConfig, GatewayConfig, PolicyConfig, RateLimitConfig};
pub use forward::Forwarder;

use crate::limit::{Limiter, Shared, limit};
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
        let shared = Shared::new(redis, &common.namespace, &common.platform);
        let limiter = Arc::new(Limiter::new(
            config.rate_limit.policies(),
            shared,
            &context.metrics,
        ));
        let forwarder = Forwarder::new(
            &context.environment,
            &config.peers,
            Arc::clone(&context.ids),
            context.tracer.clone(),
        )?;
        Ok(router(&forwarder, limiter, &config.cors))
    }
}

/// The public routes with all that stands before them: answers to preflights first, then who calls and how much.
pub fn router(forwarder: &Forwarder, limiter: Arc<Limiter>, origins: &CorsConfig) -> Router {
    let mut routes = Router::new();
    for (pattern, target) in TABLE.iter().filter(|(_, target)| forwarder.knows(*target)) {
        routes = routes.route(
            pattern,
            any(forward::forward).with_state((forwarder.clone(), *target)),
        );
    }
    routes
        .layer(from_fn_with_state(limiter, limit))
        .merge(openapi::routes(forwarder.document()))
        .layer(cors::layer(origins))
        .layer(from_fn(forward::secure))
}
