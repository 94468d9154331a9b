//! Whether the service is alive, ready, and able to take events: what the probes answer.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often a watched thing is asked.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long it may take to answer.
const DEADLINE: Duration = Duration::from_secs(1);

/// Which answers a failing check turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affects {
    /// `/readyz` only: no new requests come.
    Readiness,
    /// `/readyz` and `/healthz`: the sidecar also pauses events, which then wait in the broker. For own stores.
    Intake,
}

#[derive(Debug, Clone)]
struct Check {
    affects: Affects,
    /// `None` when all is well.
    failure: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    draining: bool,
    checks: BTreeMap<&'static str, Check>,
}

/// The registry of checks behind the probes. Cheap to clone; clones share their state.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<RwLock<State>>);

impl Health {
    /// Sets the outcome of the check `name`; the first call adds it.
    pub fn set(&self, name: &'static str, affects: Affects, outcome: Result<(), String>) {
        let failure = outcome.err();
        let before = self.write(|state| {
            state.checks.insert(
                name,
                Check {
                    affects,
                    failure: failure.clone(),
                },
            )
        });
        // A check that has never been well is one that still waits for its first success: no news.
        let Some(Check {
            failure: failed_before,
            ..
        }) = before
        else {
            return;
        };
        match (failed_before, failure) {
            (None, Some(reason)) => tracing::warn!(check = name, reason, "check {name} began to fail"),
            (Some(_), None) => tracing::info!(check = name, "check {name} is well"),
            _ => {}
        }
    }

    /// Asks `ping` every 2 s until `stop`, and sets the check `name` accordingly. No answer in 1 s is a failure.
    pub async fn watch<F, Fut>(self, name: &'static str, affects: Affects, stop: CancellationToken, ping: F)
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<(), String>>,
    {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let answer = tokio::time::timeout(DEADLINE, ping()).await;
            self.set(
                name,
                affects,
                answer.unwrap_or_else(|_| Err("no answer in time".to_owned())),
            );
        }
    }

    /// Start-up is over.
    pub fn set_started(&self) {
        self.write(|state| state.started = true);
    }

    /// From now on not ready, whatever the checks say.
    pub fn set_draining(&self) {
        self.write(|state| state.draining = true);
    }

    /// Whether start-up is over.
    pub fn is_started(&self) -> bool {
        self.read(|state| state.started)
    }

    /// What holds readiness back; empty means ready.
    pub fn not_ready(&self) -> BTreeMap<&'static str, String> {
        self.read(|state| {
            let start = (!state.started).then(|| ("start", "is not over".to_owned()));
            let drain = state.draining.then(|| ("shutdown", "has begun".to_owned()));
            let checks = state
                .checks
                .iter()
                .filter_map(|(name, check)| Some((*name, check.failure.clone()?)));
            start.into_iter().chain(drain).chain(checks).collect()
        })
    }

    /// Whether events can be taken in.
    pub fn takes_events(&self) -> bool {
        self.read(|state| {
            state
                .checks
                .values()
                .all(|check| check.affects == Affects::Readiness || check.failure.is_none())
        })
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn readiness_needs_a_finished_start_and_every_check() {
        let health = Health::default();
        assert_eq!(health.not_ready().keys().copied().collect::<Vec<_>>(), ["start"]);
        health.set_started();
        health.set("keys", Affects::Readiness, Err("none yet".to_owned()));
        assert_eq!(health.not_ready()["keys"], "none yet");
        assert!(health.takes_events());
        health.set("keys", Affects::Readiness, Ok(()));
        assert!(health.not_ready().is_empty());
    }

    #[test]
    fn a_store_that_is_gone_stops_events_and_draining_does_not() {
        let health = Health::default();
        health.set_started();
        health.set_draining();
        assert!(health.takes_events() && !health.not_ready().is_empty());
        health.set("postgresql", Affects::Intake, Err("gone".to_owned()));
        assert!(!health.takes_events());
    }

    #[tokio::test(start_paused = true)]
    async fn a_watched_store_is_noticed_going_and_coming() {
        let (health, up, stop) = (
            Health::default(),
            Arc::new(AtomicBool::new(true)),
            CancellationToken::new(),
        );
        let seen = Arc::clone(&up);
        let watch = health
            .clone()
            .watch("store", Affects::Intake, stop.clone(), move || {
                let up = seen.load(Ordering::SeqCst);
                async move { if up { Ok(()) } else { std::future::pending().await } }
            });
        let watch = tokio::spawn(watch);
        for (state, wait) in [(true, 1), (false, 5), (true, 5)] {
            up.store(state, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(wait)).await;
            assert_eq!(health.takes_events(), state);
        }
        stop.cancel();
        watch.await.unwrap();
    }
}
