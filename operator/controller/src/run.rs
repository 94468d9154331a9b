//! `run`: the operator itself. Wires clients, watches, controllers, probes and metrics together.

use std::collections::BTreeSet;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::core::DeserializeGuard;
use kube::runtime::controller::{self, Action, Controller};
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher::{self, watcher};
use kube::runtime::{Predicate, PredicateConfig, WatchStreamExt, predicates};
use kube::{Api, Client, ResourceExt};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{ChildKind, OperatorDefaults};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::{self, ListenError, Readiness};
use crate::backoff::Backoff;
use crate::chain::Chain;
use crate::client::{self, ClientError, Clients, Identity};
use crate::clock::SystemClock;
use crate::context::Context;
use crate::duty::Duty;
use crate::lease::{Claim, Keeper, Terms};
use crate::live::Live;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::own_crd::{Overseer, OwnCrd};
use crate::reconcile::{PassError, reconcile};
use crate::report::REPORTER;
use crate::scope::Scope;
use crate::watches::Watches;
use crate::{optional_kinds, sidecars, watches};

/// Triggers that may wait for a pass before watches are slowed down.
const TRIGGERS: usize = 1024;

/// What `run` was told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A context of the kubeconfig; none for whatever is at hand.
    pub context: Option<String>,
    /// Namespaces to look for platforms in; empty for all.
    pub namespaces: Vec<String>,
    /// Label selector of the platforms; none for all.
    pub selector: Option<String>,
    /// Class of the platforms; none for those that name no class.
    pub class: Option<String>,
    /// Where probes and metrics are served.
    pub listen: SocketAddr,
    /// Passes at a time.
    pub concurrency: u16,
    /// How long triggers of one platform are gathered.
    pub debounce: Duration,
    /// Name of the operator's pod, for Events and in the Lease.
    pub pod: Option<String>,
    /// Name of the Lease; none for one by the class.
    pub lease_name: Option<String>,
    /// Namespace of the Lease and of the operator's pod; none for the one that the cluster's configuration names.
    pub lease_namespace: Option<String>,
    /// After so long without a renewal another replica takes over.
    pub lease_duration: Duration,
    /// Port of the sidecars on which they are asked what they have loaded.
    pub sidecar_port: u16,
    /// What platforms get that say nothing themselves.
    pub defaults: OperatorDefaults,
}

impl Settings {
    fn lease_name(&self) -> String {
        let of_class = || match &self.class {
            Some(class) => format!("{REPORTER}-{class}"),
            None => REPORTER.to_owned(),
        };
        self.lease_name.clone().unwrap_or_else(of_class)
    }
}

/// The operator cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No client of a cluster.
    #[error(transparent)]
    Client(ClientError),
    /// No port for probes and metrics.
    #[error(transparent)]
    Listen(ListenError),
    /// No signals from the system.
    #[error("signals cannot be received")]
    Signals {
        /// What the system said.
        source: std::io::Error,
    },
}

/// Runs until SIGTERM or SIGINT: passes under way are ended in order, then the Lease is released.
pub async fn run(settings: Settings) -> Result<(), RunError> {
    let metrics = Arc::new(Metrics::default());
    let readiness = Arc::new(Readiness::default());
    let config = client::config(settings.context.clone())
        .await
        .map_err(RunError::Client)?;
    let identity = Identity::new(settings.pod.as_deref(), rand::random());
    let claim = Claim::default();
    let clients = Clients::new(&config, &identity, &claim, &metrics).map_err(RunError::Client)?;
    let own_namespace = settings
        .lease_namespace
        .clone()
        .unwrap_or_else(|| config.default_namespace.clone());
    let (stop, tasks, passes) = (CancellationToken::new(), TaskTracker::new(), TaskTracker::new());
    stop_on_signal(&tasks, stop.clone())?;

    let (served, watch_served) = watch::channel(None);
    tasks.spawn(optional_kinds::discover(
        clients.own.clone(),
        served,
        Arc::clone(&metrics),
        stop.clone(),
    ));
    let (crd, watch_crd) = watch::channel(OwnCrd::default());
    let overseer = Overseer {
        client: clients.own.clone(),
        crd,
        readiness: Arc::clone(&readiness),
        metrics: Arc::clone(&metrics),
        pod: settings
            .pod
            .as_deref()
            .map(|pod| own_pod(&clients.own, &own_namespace, pod)),
    };
    tasks.spawn(overseer.run(stop.clone()));

    let scopes = Scope::all(&settings.namespaces);
    let prepared = Arc::new(Semaphore::new(0));
    let contenders = u32::try_from(scopes.len()).unwrap_or(u32::MAX);
    for scope in scopes {
        let controller = ScopedController {
            settings: settings.clone(),
            scope,
            clients: clients.clone(),
            served: watch_served.clone(),
            duty: Duty {
                claim: claim.clone(),
                crd: watch_crd.clone(),
                class: settings.class.clone(),
            },
            prepared: Arc::clone(&prepared),
            metrics: Arc::clone(&metrics),
            readiness: Arc::clone(&readiness),
            stop: stop.clone(),
            tasks: tasks.clone(),
        };
        readiness.wait_for(controller.waiting());
        passes.spawn(controller.run());
    }
    passes.close();
    let keeper = Keeper {
        api: Api::namespaced(clients.own.clone(), &own_namespace),
        watched: Api::namespaced(clients.watches.clone(), &own_namespace),
        name: settings.lease_name(),
        identity: identity.as_str().to_owned(),
        terms: Terms {
            duration: settings.lease_duration,
        },
        claim,
        metrics: Arc::clone(&metrics),
        clock: Arc::new(SystemClock),
    };
    let stopping = stop.clone();
    tasks.spawn(async move {
        tokio::select! {
            // Who could not work yet stays out of the election.
            _permits = prepared.acquire_many(contenders) => keeper.run(stopping, passes).await,
            () = stopping.cancelled() => passes.wait().await,
        }
    });
    let serving = admin::serve(settings.listen, readiness, metrics, stop.clone()).await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    serving.map_err(RunError::Listen)
}

/// What publishes Events about the operator's own pod.
fn own_pod(client: &Client, namespace: &str, pod: &str) -> (Recorder, ObjectReference) {
    let reporter = Reporter {
        controller: REPORTER.to_owned(),
        instance: Some(pod.to_owned()),
    };
    let reference = ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Pod".to_owned()),
        name: Some(pod.to_owned()),
        namespace: Some(namespace.to_owned()),
        ..ObjectReference::default()
    };
    (Recorder::new(client.clone(), reporter), reference)
}

fn stop_on_signal(tasks: &TaskTracker, stop: CancellationToken) -> Result<(), RunError> {
    let listen = |kind| signal(kind).map_err(|source| RunError::Signals { source });
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    tasks.spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = stop.cancelled() => return,
        }
        tracing::info!("stopping: passes under way are ended first");
        stop.cancel();
    });
    Ok(())
}

type Guarded = DeserializeGuard<TodoPlatform>;

/// One controller with its watches.
struct ScopedController {
    settings: Settings,
    scope: Scope,
    clients: Clients,
    served: watch::Receiver<Option<BTreeSet<ChildKind>>>,
    duty: Duty,
    /// Gets a permit once this controller could work.
    prepared: Arc<Semaphore>,
    metrics: Arc<Metrics>,
    readiness: Arc<Readiness>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl ScopedController {
    fn waiting(&self) -> String {
        format!("platforms in {}", self.scope)
    }

    async fn run(self) {
        let stop = self.stop.clone();
        let (live, writers) = Live::new();
        let live = Arc::new(live);
        let (triggers, mut triggered) = mpsc::channel(TRIGGERS);
        let trigger = triggers.clone();
        let sidecar_triggers = triggers.clone();
        let watches = Watches {
            client: self.clients.watches.clone(),
            scope: self.scope.clone(),
            live: Arc::clone(&live),
            triggers,
            metrics: Arc::clone(&self.metrics),
            readiness: Arc::clone(&self.readiness),
            stop: stop.clone(),
            tasks: self.tasks.clone(),
        };
        watches.start(writers);
        let (platforms, stream) = self.platforms();
        let known = platforms.clone();
        self.tasks
            .spawn(watches.follow_optional_kinds(self.served.clone(), move || {
                known.state().iter().map(|platform| name_of(platform)).collect()
            }));

        let context = self.context(Arc::clone(&live));
        let sidecars = Arc::clone(&context.sidecars);
        let asking_ends = stop.clone();
        self.tasks.spawn(async move {
            let ask = |address| sidecars::ask(address).boxed();
            sidecars.run(ask, sidecar_triggers, asking_ends).await;
        });
        let (mut served, mut crd) = (self.served.clone(), self.duty.crd.clone());
        let is_known = async {
            // Passes that know nothing would read everything, and could not tell what has started already.
            live.workloads_are_known().await;
            served.wait_for(Option::is_some).await.is_ok()
                && crd.wait_for(|crd| *crd == OwnCrd::Served).await.is_ok()
        };
        // Until then nobody needs a trigger: each platform takes a first pass anyway. But a full channel would stop the watches.
        let unneeded = async { while triggered.recv().await.is_some() {} };
        tokio::select! {
            _is_known = is_known => {}
            () = unneeded => {}
            () = stop.cancelled() => return,
        }
        let config = controller::Config::default()
            .concurrency(self.settings.concurrency)
            .debounce(self.settings.debounce);
        let ready_when_listed = self.ready_when_listed(platforms.clone());
        let pass_when_leading = self.pass_when_leading(platforms.clone(), trigger);
        let triggered = ReceiverStream::new(triggered).map(|platform: ObjectRef<TodoPlatform>| {
            let guarded = ObjectRef::<Guarded>::new(&platform.name);
            guarded.within(platform.namespace.as_deref().unwrap_or_default())
        });
        let passes = Controller::for_stream(stream, platforms)
            .with_config(config)
            .reconcile_on(triggered)
            .graceful_shutdown_on(stop.clone().cancelled_owned())
            .run(reconcile, never, Arc::clone(&context))
            .for_each(|result| {
                forget_if_gone(&context, result);
                ready(())
            });
        // All of a standby's passes were skipped: when its duty begins, each platform takes one.
        tokio::select! {
            ((), ()) = async { tokio::join!(passes, ready_when_listed) } => {}
            () = pass_when_leading => {}
        }
    }

    /// The watch of platforms: with its own backoff, and without errors, which would pause everything else.
    fn platforms(
        &self,
    ) -> (
        Store<Guarded>,
        impl futures::Stream<Item = Result<Guarded, watcher::Error>> + Send + 'static,
    ) {
        let (reader, writer) = reflector::store::<Guarded>();
        let api: Api<Guarded> = self.scope.api(&self.clients.watches);
        let config = watcher::Config {
            label_selector: self.settings.selector.clone(),
            ..watcher::Config::default()
                .timeout(watches::WATCH_SECONDS)
                .page_size(200)
        };
        let metrics = Arc::clone(&self.metrics);
        let moved = predicates::generation
            .combine(predicates::finalizers)
            .combine(predicates::labels)
            .combine(predicates::annotations);
        let stream = watcher(api, config)
            .default_backoff()
            .modify(|platform| platform.managed_fields_mut().clear())
            .reflect(writer)
            .touched_objects()
            .predicate_filter(moved, PredicateConfig::default())
            .filter_map(move |result| {
                if let Err(error) = &result {
                    metrics.watch_failed("TodoPlatform");
                    tracing::warn!(
                        error.chain = %Chain(error),
                        "the watch of TodoPlatform failed and is started again; is its CRD installed?"
                    );
                }
                ready(result.ok().map(Ok))
            });
        (reader, stream)
    }

    async fn ready_when_listed(&self, platforms: Store<Guarded>) {
        tokio::select! {
            listed = platforms.wait_until_ready() => if listed.is_ok() {
                self.readiness.have(&self.waiting());
                self.prepared.add_permits(1);
                tracing::info!(scope = %self.scope, "working");
            },
            () = self.stop.cancelled() => {}
        }
    }

    /// Never ends.
    async fn pass_when_leading(
        &self,
        platforms: Store<Guarded>,
        triggers: mpsc::Sender<ObjectRef<TodoPlatform>>,
    ) {
        loop {
            self.duty.begins().await;
            for platform in platforms.state() {
                // Closed only when the process ends.
                let _sent = triggers.send(name_of(&platform)).await;
            }
            self.duty.ends().await;
        }
    }

    fn context(&self, live: Arc<Live>) -> Arc<Context> {
        let reporter = Reporter {
            controller: REPORTER.to_owned(),
            instance: self.settings.pod.clone(),
        };
        Arc::new(Context {
            duty: self.duty.clone(),
            sees_cluster: self.scope == Scope::Cluster,
            client: self.clients.passes.clone(),
            live,
            served: self.served.clone(),
            sidecars: Arc::default(),
            sidecar_port: self.settings.sidecar_port,
            memory: Memory::default(),
            backoff: Mutex::new(Backoff::default()),
            metrics: Arc::clone(&self.metrics),
            recorder: Recorder::new(self.clients.passes.clone(), reporter),
            clock: Arc::new(SystemClock),
            defaults: self.settings.defaults.clone(),
            jitter: Box::new(rand::random::<f64>),
        })
    }
}

/// Failed passes say themselves when they are due again; this is for the type only.
fn never(_platform: Arc<Guarded>, _error: &PassError, _context: Arc<Context>) -> Action {
    Action::requeue(Duration::from_mins(1))
}

fn name_of(platform: &Guarded) -> ObjectRef<TodoPlatform> {
    ObjectRef::new(&platform.name_any()).within(&platform.namespace().unwrap_or_default())
}

/// A trigger for a platform that is not there any more: what is remembered of it goes.
fn forget_if_gone<T>(context: &Context, result: Result<T, controller::Error<PassError, watcher::Error>>) {
    let Err(error) = result else { return };
    let controller::Error::ObjectNotFound(gone) = error else {
        tracing::debug!(error.chain = %Chain(&error), "a trigger led to no pass");
        return;
    };
    let namespace = gone.namespace.clone().unwrap_or_default();
    let key = ObjectRef::<TodoPlatform>::new(&gone.name).within(&namespace);
    let mut backoff = context.backoff.lock().unwrap_or_else(PoisonError::into_inner);
    backoff.reset(&key);
    context.metrics.set_in_backoff(backoff.len());
    context.sidecars.forget(&key);
    if let Some(memory) = context.memory.forget(&key)
        && let Ok(memory) = memory.try_lock()
    {
        let components = memory.components.iter().map(String::as_str);
        context.metrics.forget(&namespace, &gone.name, components);
    }
}
