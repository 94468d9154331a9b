//! The I/O of the election: watches the Lease, sends what the state machine says, gives it back at the end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, ResourceExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Claim, Election, Record, Step, Terms};
use crate::apply::FIELD_MANAGER;
use crate::chain::Chain;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::watches::WATCH_SECONDS;

/// How long passes under way may take to end before the Lease is released all the same. A pass can be cut anywhere.
const LAST_PASSES: Duration = Duration::from_secs(1);

/// How often the release is tried.
const RELEASES: usize = 3;

/// Keeps this replica in the election.
pub struct Keeper {
    /// The Leases of the operator's namespace, to read and write. Its client is not fenced.
    pub api: Api<Lease>,
    /// The same, to watch: by a client that lets a connection be silent for as long as nothing changes.
    pub watched: Api<Lease>,
    /// Name of the Lease.
    pub name: String,
    /// Name of this process, unlike any other's.
    pub identity: String,
    /// How long a claim lasts.
    pub terms: Terms,
    /// What is told of it.
    pub claim: Claim,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// For the times that people read in the Lease. Nothing is decided by them.
    pub clock: Arc<dyn Clock>,
}

/// What a write came to.
enum Answer {
    Taken(Box<Lease>),
    /// Somebody else was faster.
    Conflict,
    Failed,
}

impl Keeper {
    /// Takes part until `stop`; then waits a moment for `passes` to end, and releases the Lease.
    pub async fn run(self, stop: CancellationToken, passes: TaskTracker) {
        let mut election = Election::new(self.identity.clone(), self.terms);
        tokio::select! {
            () = self.contend(&mut election) => {}
            () = stop.cancelled() => {}
        }
        // Still held and renewed no more: the passes under way have less time than the claim.
        let _ended_in_time = timeout(LAST_PASSES, passes.wait()).await;
        self.claim.set(None);
        self.metrics.set_leader(false);
        self.release().await;
    }

    async fn contend(&self, election: &mut Election) {
        let mut sights = pin!(self.sights());
        let mut known = None;
        let mut was_held = false;
        loop {
            self.claim.set(election.held_until());
            let is_held = self.claim.is_held();
            if is_held != was_held {
                self.tell(is_held);
                was_held = is_held;
            }
            let until = match election.step(Instant::now()) {
                Step::Wait(until) => until,
                step => {
                    self.send(election, step, &mut known).await;
                    continue;
                }
            };
            // Also when the claim lapses: to have it told.
            let lapse = election.held_until().filter(|_| is_held);
            let wake = [until, lapse].into_iter().flatten().min();
            tokio::select! {
                sight = sights.next() => match sight {
                    Some(lease) => {
                        if election.observe(lease.as_ref().map(record), Instant::now()) {
                            known = lease;
                        }
                    }
                    None => return,
                },
                () = reached(wake) => {}
            }
        }
    }

    fn tell(&self, is_held: bool) {
        self.metrics.set_leader(is_held);
        if is_held {
            tracing::info!(
                lease = self.name,
                identity = self.identity,
                "leading: this replica writes now"
            );
        } else {
            // Whoever leads next has these from now on.
            self.metrics.forget_all();
            tracing::warn!(
                lease = self.name,
                identity = self.identity,
                "not leading any more: nothing is written"
            );
        }
    }

    /// The Lease whenever it changes; none when it is not there. Errors are counted, and the watch goes on.
    fn sights(&self) -> impl Stream<Item = Option<Lease>> + Send + use<> {
        let config = watcher::Config::default()
            .fields(&format!("metadata.name={}", self.name))
            .timeout(WATCH_SECONDS);
        let metrics = Arc::clone(&self.metrics);
        let mut is_there = false;
        watcher(self.watched.clone(), config)
            .default_backoff()
            .filter_map(move |event| {
                let sight = match event {
                    Ok(Event::Init) => {
                        is_there = false;
                        None
                    }
                    Ok(Event::InitApply(lease) | Event::Apply(lease)) => {
                        is_there = true;
                        Some(Some(lease))
                    }
                    Ok(Event::InitDone) => (!is_there).then_some(None),
                    Ok(Event::Delete(_)) => Some(None),
                    Err(error) => {
                        metrics.watch_failed("Lease");
                        tracing::warn!(error.chain = %Chain(&error), "the watch of the Lease failed and is started again");
                        None
                    }
                };
                std::future::ready(sight)
            })
    }

    async fn send(&self, election: &mut Election, step: Step, known: &mut Option<Lease>) {
        let sent = Instant::now();
        let before = known.clone().unwrap_or_default();
        let answer = match step {
            Step::Wait(_) => return,
            Step::Create => self.create().await,
            Step::Take(version) => self.replace(before, version, true).await,
            Step::Renew(version) => self.replace(before, version, false).await,
        };
        match answer {
            Answer::Taken(lease) => {
                election.won(record(&lease), sent, Instant::now());
                *known = Some(*lease);
            }
            Answer::Conflict => {
                // The watch is behind, or will be.
                if let Ok(Ok(found)) = timeout(self.terms.call(), self.api.get_opt(&self.name)).await
                    && election.observe(found.as_ref().map(record), Instant::now())
                {
                    *known = found;
                }
                election.failed(Instant::now());
            }
            Answer::Failed => election.failed(Instant::now()),
        }
    }

    async fn create(&self) -> Answer {
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                ..ObjectMeta::default()
            },
            spec: Some(self.spec(None, true)),
        };
        let params = params();
        self.answer(self.api.create(&params, &lease)).await
    }

    /// Everything stays as it was seen but the claim; whoever wrote after that version wins.
    async fn replace(&self, before: Lease, version: String, is_new: bool) -> Answer {
        let lease = Lease {
            spec: Some(self.spec(before.spec.as_ref(), is_new)),
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                resource_version: Some(version),
                ..before.metadata
            },
        };
        let params = params();
        self.answer(self.api.replace(&self.name, &params, &lease)).await
    }

    async fn answer(&self, call: impl Future<Output = Result<Lease, kube::Error>>) -> Answer {
        match timeout(self.terms.call(), call).await {
            Ok(Ok(lease)) => Answer::Taken(Box::new(lease)),
            Ok(Err(kube::Error::Api(status))) if status.is_conflict() || status.is_already_exists() => {
                Answer::Conflict
            }
            Ok(Err(error)) => {
                tracing::warn!(lease = self.name, error.chain = %Chain(&error), "the Lease was not taken");
                Answer::Failed
            }
            Err(_elapsed) => {
                tracing::warn!(lease = self.name, "no answer in time to a write of the Lease");
                Answer::Failed
            }
        }
    }

    fn spec(&self, before: Option<&LeaseSpec>, is_new: bool) -> LeaseSpec {
        let now = MicroTime(self.clock.now());
        let acquired = before.and_then(|spec| spec.acquire_time.clone());
        let transitions = before.and_then(|spec| spec.lease_transitions).unwrap_or(0);
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(self.terms.duration.as_secs()).ok(),
            acquire_time: if is_new { Some(now.clone()) } else { acquired },
            renew_time: Some(now),
            lease_transitions: Some(if is_new && before.is_some() {
                transitions.saturating_add(1)
            } else {
                transitions
            }),
            ..LeaseSpec::default()
        }
    }

    /// Gives the Lease back if it is ours, so that another takes it at once.
    async fn release(&self) {
        // A renewal may still be on its way and move the version between the read and the write.
        for _attempt in 0..RELEASES {
            let Ok(Ok(Some(mut lease))) = timeout(self.terms.call(), self.api.get_opt(&self.name)).await
            else {
                break;
            };
            if record(&lease).holder.as_deref() != Some(&self.identity) {
                return;
            }
            lease.spec = lease.spec.map(|spec| LeaseSpec {
                holder_identity: None,
                renew_time: Some(MicroTime(self.clock.now())),
                ..spec
            });
            let params = params();
            match self.answer(self.api.replace(&self.name, &params, &lease)).await {
                Answer::Taken(_) => {
                    tracing::info!(lease = self.name, "released: another replica writes next");
                    return;
                }
                Answer::Conflict => {}
                Answer::Failed => break,
            }
        }
        tracing::warn!(
            lease = self.name,
            "not released: another replica waits until it expires"
        );
    }
}

/// Ends at this moment, or never.
async fn reached(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn params() -> PostParams {
    PostParams {
        field_manager: Some(FIELD_MANAGER.into()),
        ..PostParams::default()
    }
}

fn record(lease: &Lease) -> Record {
    let spec = lease.spec.as_ref();
    let seconds = spec.and_then(|spec| spec.lease_duration_seconds).unwrap_or(0);
    Record {
        version: lease.resource_version().unwrap_or_default(),
        holder: spec
            .and_then(|spec| spec.holder_identity.clone())
            .filter(|holder| !holder.is_empty()),
        duration: Duration::from_secs(u64::try_from(seconds).unwrap_or(0)),
    }
}
