//! When a service is not asked any more, and when it is asked again: a state machine without a clock of its own.
//!
//! The breaker is here and not in the sidecar, because the sidecar's takes every answer outside 200 to 399 for a
//! failure: a few requests for tasks that are not there would close the way for everybody.

use std::time::{Duration, Instant};

/// So many failures without a success between them open it.
const IN_A_ROW: u32 = 5;
/// Or half of all requests of one window, if there are enough of them to say so.
const WINDOW: Duration = Duration::from_secs(10);
const WINDOW_MIN: u32 = 20;
/// How long it stays open at first; twice as long after each trial that failed, up to the longest.
const OPEN_FIRST: Duration = Duration::from_secs(1);
const OPEN_LONGEST: Duration = Duration::from_secs(8);
/// What is said to who comes while one request tries.
const TRYING: Duration = Duration::from_secs(1);

/// The state, as metrics tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Requests pass.
    Closed,
    /// One request at a time tries.
    HalfOpen,
    /// No request passes.
    Open,
}

/// How a request that passed ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The service answered, whatever it said.
    Answered,
    /// It did not, not in time, or said that it cannot.
    Failed,
    /// Nobody knows: the client went away, or was itself too slow.
    Unknown,
}

/// A request that passed. What it brings counts only while the state is the one that it passed in.
#[derive(Debug)]
pub(crate) struct Pass {
    epoch: u64,
}

/// The breaker before one service.
#[derive(Debug)]
pub(crate) struct Breaker {
    phase: Phase,
    /// Counts changes of the state.
    epoch: u64,
}

#[derive(Debug)]
enum Phase {
    Closed(Counts),
    Open { until: Instant, lasts: Duration },
    HalfOpen { is_tried: bool, lasted: Duration },
}

#[derive(Debug, Default)]
struct Counts {
    in_a_row: u32,
    since: Option<Instant>,
    failed: u32,
    all: u32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            phase: Phase::Closed(Counts::default()),
            epoch: 0,
        }
    }
}

impl Breaker {
    /// The state.
    pub(crate) fn state(&self) -> State {
        match self.phase {
            Phase::Closed(_) => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    /// Whether a request may pass now; if not, when to come again.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<Pass, Duration> {
        if let Phase::Open { until, lasts } = self.phase {
            if now < until {
                return Err(until - now);
            }
            self.enter(Phase::HalfOpen {
                is_tried: false,
                lasted: lasts,
            });
        }
        if let Phase::HalfOpen { is_tried, .. } = &mut self.phase {
            if *is_tried {
                return Err(TRYING);
            }
            *is_tried = true;
        }
        Ok(Pass { epoch: self.epoch })
    }

    /// Takes in how a request ended. Tells whether that opened the breaker.
    pub(crate) fn settle(&mut self, pass: &Pass, outcome: Outcome, now: Instant) -> bool {
        if pass.epoch != self.epoch {
            return false;
        }
        let next = match (&mut self.phase, outcome) {
            (Phase::Closed(counts), outcome) => counts.take(outcome, now).then_some(OPEN_FIRST),
            (Phase::HalfOpen { lasted, .. }, Outcome::Failed) => Some((*lasted * 2).min(OPEN_LONGEST)),
            (Phase::HalfOpen { .. }, Outcome::Answered) => {
                self.enter(Phase::Closed(Counts::default()));
                None
            }
            (Phase::HalfOpen { is_tried, .. }, Outcome::Unknown) => {
                *is_tried = false;
                None
            }
            (Phase::Open { .. }, _) => None,
        };
        if let Some(lasts) = next {
            let until = now + lasts;
            self.enter(Phase::Open { until, lasts });
        }
        next.is_some()
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch += 1;
    }
}

impl Counts {
    /// Whether that is enough to open.
    fn take(&mut self, outcome: Outcome, now: Instant) -> bool {
        if outcome == Outcome::Unknown {
            return false;
        }
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= WINDOW {
            (self.since, self.failed, self.all) = (Some(now), 0, 0);
        }
        let has_failed = outcome == Outcome::Failed;
        self.in_a_row = if has_failed { self.in_a_row + 1 } else { 0 };
        self.failed += u32::from(has_failed);
        self.all += 1;
        let is_half = self.all >= WINDOW_MIN && self.failed * 2 >= self.all;
        has_failed && (self.in_a_row >= IN_A_ROW || is_half)
    }
}

#[cfg(test)]
mod tests;
