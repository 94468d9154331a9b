//! A breaker before each service, and what metrics tell of it.

use std::sync::{Mutex, PoisonError};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};
use todo_kit::{
    metrics::Metrics,
    problem::{self, Problem},
};
use tokio::time::Instant;

use crate::breaker::{Breaker, Outcome, Pass, State};
use crate::route::Target;

/// The breakers of one gateway.
pub(crate) struct Circuits([Circuit; Target::ALL.len()]);

struct Circuit {
    target: Target,
    breaker: Mutex<Breaker>,
    state: Gauge,
    opened: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TargetLabel {
    target: &'static str,
}

/// A request that passed its breaker. One that is dropped, because its client went away, says nothing of the service.
pub(crate) struct Ticket<'a> {
    circuit: &'a Circuit,
    pass: Pass,
    outcome: Outcome,
}

impl Circuits {
    /// All closed, with their metrics registered.
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let (states, opened) = (
            Family::<TargetLabel, Gauge>::default(),
            Family::<TargetLabel, Counter>::default(),
        );
        let help = "Whether a service is asked: 0 yes, 1 one request tries, 2 no";
        metrics.register("circuit_state", help, states.clone());
        let help = "How often a service was found not to answer, and asked no more for a while";
        metrics.register("circuit_opened", help, opened.clone());
        Self(Target::ALL.map(|target| {
            let label = TargetLabel {
                target: target.name(),
            };
            Circuit {
                target,
                breaker: Mutex::default(),
                state: states.get_or_create_owned(&label),
                opened: opened.get_or_create_owned(&label),
            }
        }))
    }

    /// Lets a request for `target` pass, or says when to come again.
    pub(crate) fn admit(&self, target: Target) -> Result<Ticket<'_>, Problem> {
        let circuit = self.0.iter().find(|circuit| circuit.target == target);
        let circuit = circuit.expect("every target should have a circuit");
        let admitted = circuit.with(|breaker| breaker.admit(Instant::now().into_std()));
        match admitted {
            Ok(pass) => Ok(Ticket {
                circuit,
                pass,
                outcome: Outcome::Unknown,
            }),
            Err(wait) => Err(Problem::new(problem::UNAVAILABLE)
                .detail("the service did not answer before and is not asked at the moment")
                .retry_after(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))),
        }
    }
}

impl Circuit {
    fn with<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut breaker);
        self.state.set(match breaker.state() {
            State::Closed => 0,
            State::HalfOpen => 1,
            State::Open => 2,
        });
        result
    }
}

impl Ticket<'_> {
    /// Says how the request ended.
    pub(crate) fn settle(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let has_opened = self
            .circuit
            .with(|breaker| breaker.settle(&self.pass, self.outcome, Instant::now().into_std()));
        if has_opened {
            self.circuit.opened.inc();
            let target = self.circuit.target.name();
            tracing::warn!(target, "the service does not answer and is not asked for a while");
        }
    }
}
