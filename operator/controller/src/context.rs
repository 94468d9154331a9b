//! What all passes of one scope share.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use kube::Client;
use kube::runtime::events::Recorder;
use kube::runtime::reflector::ObjectRef;
use todoplatform_api::TodoPlatform;
use todoplatform_render::{ChildKind, OperatorDefaults};
use tokio::sync::watch;

use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::duty::Duty;
use crate::live::Live;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::sidecars::Follower;

/// What all passes of one scope share.
pub struct Context {
    /// Whether this replica may write, and which platforms are this operator's.
    pub duty: Duty,
    /// Whether the operator may read what lies outside of namespaces.
    pub sees_cluster: bool,
    /// For passes.
    pub client: Client,
    /// What the watches show.
    pub live: Arc<Live>,
    /// Optional kinds that are served; none before the API server was asked.
    pub served: watch::Receiver<Option<BTreeSet<ChildKind>>>,
    /// What the sidecars said last.
    pub sidecars: Arc<Follower>,
    /// Port of the sidecars on which they are asked.
    pub sidecar_port: u16,
    /// What passes remember.
    pub memory: Memory,
    /// Failures in a row.
    pub backoff: Mutex<Backoff<ObjectRef<TodoPlatform>>>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Publishes Events.
    pub recorder: Recorder,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the operator was started with.
    pub defaults: OperatorDefaults,
    /// Draws numbers between 0 and 1.
    pub jitter: Box<dyn Fn() -> f64 + Send + Sync>,
}
