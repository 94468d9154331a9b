//! From a configuration to a running service, and to its orderly end.
//!
//! The end: SIGTERM (or SIGINT) -> `/readyz` answers 503 -> `shutdown.drainSeconds` pass, in which requests that were
//! already on their way are served -> background tasks flush and stop -> the app port stops accepting and finishes
//! what it has -> the last spans are sent -> the process exits. `/healthz` stays well until the tasks have flushed, because daprd closes its API
//! as soon as the app is unhealthy.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::Environment;
use crate::auth::{KeySource, Keys, SourceError, Verifier};
use crate::background::Background;
use crate::config::{Config, ConfigError};
use crate::health::Health;
use crate::http::{AppLayers, HEAD_PATIENCE, ListenError, admin, app, bind, serve};
use crate::metrics::Metrics;
use crate::service::{Context, Ingress, Service, StartError};
use crate::system::{RandomIds, SystemClock};
use crate::trace::{TraceSettings, TracesError};

/// How long background tasks may take to flush.
const FLUSH_PATIENCE: Duration = Duration::from_secs(10);
/// How long requests may take to finish after the listener closed.
const FINISH_PATIENCE: Duration = Duration::from_secs(15);

/// Why a service ended otherwise than by a signal.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Something that must come from the environment is missing.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A port cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The source of the issuer's keys cannot be used.
    #[error(transparent)]
    Keys(#[from] SourceError),
    /// The service itself could not start.
    #[error("{service}: could not start")]
    Start {
        /// Its name.
        service: &'static str,
        /// Why.
        source: StartError,
    },
    /// Traces cannot be sent as asked.
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// Signals cannot be received.
    #[error("signals cannot be received")]
    Signals {
        /// What the system said.
        source: std::io::Error,
    },
    /// A background task ended before its time.
    #[error("a background task ended before its time")]
    Broken,
}

/// Runs `S` until a signal ends it.
pub async fn run<S: Service>(config: Config<S::Config>, environment: Environment) -> Result<(), RunError> {
    let signals = Signals::new().map_err(|source| RunError::Signals { source })?;
    let description = S::description();
    let common = config.common.clone();
    let token = match S::INGRESS {
        Ingress::Sidecar => Some(environment.secret("APP_API_TOKEN")?),
        Ingress::Public => None,
    };
    let (health, background) = (Health::default(), Background::default());
    let metrics = Metrics::new(description.service, crate::cli::VERSION);
    let keys = Arc::new(Keys::new(KeySource::of(
        &common.auth,
        environment.path("JWKS_CA_FILE").as_deref(),
    )?));
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
    let tracer = TraceSettings::of(&environment)?.start(&common.app_id, ids.clone())?;
    let verifier = Arc::new(Verifier::new(
        common.auth.clone(),
        Arc::clone(&keys),
        clock.clone(),
    ));
    background.spawn("keys", |stop| {
        let health = health.clone();
        async move { keys.keep(health, stop).await }
    });

    let closed = CancellationToken::new();
    let _close_at_the_end = closed.clone().drop_guard();
    let admin_listener = bind(common.http.admin_listen).await?;
    tokio::spawn(serve(
        admin_listener,
        admin::router(health.clone(), metrics.clone()),
        None,
        closed.clone(),
    ));

    let context = Context {
        config: Arc::new(config),
        environment,
        clock,
        ids,
        tracer: tracer.clone(),
        metrics: metrics.clone(),
        health: health.clone(),
        background: background.clone(),
        verifier: Arc::clone(&verifier),
    };
    let routes = tokio::select! {
        routes = S::start(&context) => {
            routes.map_err(|source| RunError::Start { service: description.service, source })?
        }
        // Nothing serves yet, so there is nothing to drain.
        () = signals.received() => return Ok(()),
    };
    let layers = AppLayers {
        metrics,
        health: health.clone(),
        tracer: tracer.clone(),
        clock: context.clock.clone(),
        consumes: description.consumes,
        verifier,
        app_token: token,
    };
    let drain = Duration::from_secs(common.shutdown.drain_seconds);
    // Whoever is not the sidecar may mean to hold connections without using them.
    let head_patience = (S::INGRESS == Ingress::Public).then_some(HEAD_PATIENCE);
    let listener = bind(common.http.listen).await?;
    let server = |stop| serve(listener, app(routes, layers), head_patience, stop);
    tracing::info!(address = %common.http.listen, "serving");
    let ended = serve_until_signal(server, &health, &background, signals, drain).await;
    tracer.end().await;
    ended
}

async fn serve_until_signal<F: Future<Output = ()>>(
    server: impl FnOnce(CancellationToken) -> F,
    health: &Health,
    background: &Background,
    signals: Signals,
    drain: Duration,
) -> Result<(), RunError> {
    let stop_accepting = CancellationToken::new();
    let server = server(stop_accepting.clone());
    tokio::pin!(server);
    health.set_started();

    let broken = tokio::select! {
        () = &mut server => return Ok(()),
        () = signals.received() => false,
        () = background.broken() => true,
    };
    tracing::info!(drain_seconds = drain.as_secs(), "ending: no longer ready");
    health.set_draining();
    let end = async {
        if !broken {
            tokio::time::sleep(drain).await;
        }
        if !background.stop(FLUSH_PATIENCE).await {
            tracing::warn!("background tasks did not end in time");
        }
        stop_accepting.cancel();
        tokio::time::sleep(FINISH_PATIENCE).await;
    };
    tokio::select! {
        () = &mut server => {}
        () = end => tracing::warn!("requests did not finish in time"),
    }
    tracing::info!("ended");
    if broken { Err(RunError::Broken) } else { Ok(()) }
}

/// SIGTERM and SIGINT, from the moment of its making.
struct Signals {
    received: CancellationToken,
}

impl Signals {
    fn new() -> Result<Self, std::io::Error> {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let received = CancellationToken::new();
        let announce = received.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            announce.cancel();
        });
        Ok(Self { received })
    }

    async fn received(&self) {
        self.received.cancelled().await;
    }
}
