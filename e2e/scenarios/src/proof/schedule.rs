//! Which faults happen when: all of it follows from one seed.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use todo_kit::failpoint::Failpoint;

/// The latest moment at which a fault begins.
const LAST_BEGIN: Duration = Duration::from_secs(4);
/// Longer than the relay's lease, so that another one takes over meanwhile.
const BEYOND_LEASE: Duration = Duration::from_secs(11);
/// How many random faults follow the leading one.
const MORE: usize = 2;

/// One of the programs that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// The gateway.
    Gateway,
    /// Its sidecar.
    GatewaySidecar,
    /// A replica of the task service.
    Task(Replica),
    /// Its sidecar.
    TaskSidecar(Replica),
    /// The recording consumer.
    Recorder,
    /// Its sidecar.
    RecorderSidecar,
    /// The database of all.
    Postgres,
    /// The counters of the rate limit.
    Redis,
    /// The broker.
    Kafka,
}

/// One of the two replicas of the task service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Replica {
    /// The first.
    First,
    /// The second.
    Second,
}

impl Replica {
    /// Both.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Postgres,
        Self::Redis,
        Self::Kafka,
        Self::GatewaySidecar,
        Self::Gateway,
        Self::TaskSidecar(Replica::First),
        Self::Task(Replica::First),
        Self::TaskSidecar(Replica::Second),
        Self::Task(Replica::Second),
        Self::RecorderSidecar,
        Self::Recorder,
    ];

    /// `task-1-sidecar` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::GatewaySidecar => "gateway-sidecar",
            Self::Task(Replica::First) => "task-1",
            Self::Task(Replica::Second) => "task-2",
            Self::TaskSidecar(Replica::First) => "task-1-sidecar",
            Self::TaskSidecar(Replica::Second) => "task-2-sidecar",
            Self::Recorder => "recorder",
            Self::RecorderSidecar => "recorder-sidecar",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Kafka => "kafka",
        }
    }
}

/// A way between two programs that can be cut: then no byte comes through, and nobody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// From both replicas of the task service to the database.
    TaskToPostgres,
    /// From the consumer to the database.
    RecorderToPostgres,
    /// From the sidecars of the task service to the broker.
    TaskToKafka,
    /// From the consumer's sidecar to the broker.
    RecorderToKafka,
}

impl Link {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::TaskToPostgres,
        Self::RecorderToPostgres,
        Self::TaskToKafka,
        Self::RecorderToKafka,
    ];
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A program is killed; it is started again when the fault is over.
    Kill(Program),
    /// A program is asked to end, takes its time, and is started again.
    Restart(Program),
    /// A program stands still; it goes on when the fault is over.
    Pause(Program),
    /// A way is cut until the fault is over.
    Cut(Link),
    /// Every connection on a way breaks, and new ones can be made at once.
    Sever(Link),
    /// Whoever passes this place next dies there; it is started again when the fault is over.
    DieAt(Failpoint),
    /// Whoever passes this place next is held there until the fault is over, and nothing else of it.
    HoldAt(Failpoint),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(program) => write!(f, "kill {}", program.name()),
            Self::Restart(program) => write!(f, "restart {}", program.name()),
            Self::Pause(program) => write!(f, "pause {}", program.name()),
            Self::Cut(link) => write!(f, "cut {link:?}"),
            Self::Sever(link) => write!(f, "sever {link:?}"),
            Self::DieAt(point) => write!(f, "die at {}", point.name()),
            Self::HoldAt(point) => write!(f, "hold at {}", point.name()),
        }
    }
}

impl Fault {
    /// The faults that lead the schedules of consecutive seeds: any dozen has each of them.
    pub const LEADS: [Self; 12] = [
        Self::DieAt(Failpoint::BeforeCommit),
        Self::DieAt(Failpoint::AfterCommit),
        Self::DieAt(Failpoint::BeforePublish),
        Self::DieAt(Failpoint::AfterPublish),
        Self::DieAt(Failpoint::AfterEffect),
        Self::HoldAt(Failpoint::AfterPublish),
        Self::Kill(Program::Postgres),
        Self::Kill(Program::Kafka),
        Self::Cut(Link::TaskToPostgres),
        Self::Cut(Link::TaskToKafka),
        Self::Kill(Program::RecorderSidecar),
        Self::Pause(Program::Task(Replica::First)),
    ];

    /// The programs that it ends; two faults that end the same one do not overlap.
    pub fn ends(self) -> Vec<Program> {
        match self {
            Self::Kill(program) | Self::Restart(program) | Self::Pause(program) => vec![program],
            Self::Cut(_) | Self::Sever(_) => Vec::new(),
            Self::DieAt(Failpoint::AfterEffect) | Self::HoldAt(Failpoint::AfterEffect) => {
                vec![Program::Recorder]
            }
            Self::DieAt(_) | Self::HoldAt(_) => Replica::ALL.map(Program::Task).to_vec(),
        }
    }

    fn random(random: &mut StdRng) -> Self {
        let program = |random: &mut StdRng| *Program::ALL.choose(random).unwrap_or(&Program::Gateway);
        let point = |random: &mut StdRng| *Failpoint::ALL.choose(random).unwrap_or(&Failpoint::AfterCommit);
        let link = |random: &mut StdRng| *Link::ALL.choose(random).unwrap_or(&Link::TaskToPostgres);
        match random.random_range(0..12) {
            0..=2 => Self::Kill(program(random)),
            3..=4 => Self::Restart(program(random)),
            5..=6 => Self::Pause(program(random)),
            7..=8 => Self::Cut(link(random)),
            9 => Self::Sever(link(random)),
            _ => Self::DieAt(point(random)),
        }
    }

    /// How long it lasts when it leads.
    fn longest(self) -> Duration {
        match self {
            Self::HoldAt(_) | Self::Pause(_) => BEYOND_LEASE,
            _ => Duration::from_millis(1500),
        }
    }
}

/// A fault with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When it begins, from the begin of the load.
    pub at: Duration,
    /// How long it lasts.
    pub lasts: Duration,
    /// What it is.
    pub fault: Fault,
}

impl Step {
    /// When it is over.
    pub fn end(&self) -> Duration {
        self.at + self.lasts
    }

    fn collides_with(&self, other: &Self) -> bool {
        let meets = self.at <= other.end() && other.at <= self.end();
        let mine = self.fault.ends();
        let same_program = other.fault.ends().iter().any(|program| mine.contains(program));
        meets && (same_program || self.fault == other.fault)
    }
}

/// The faults of one run, in order of their begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What all of it follows from.
    pub seed: u64,
    /// The faults.
    pub steps: Vec<Step>,
}

impl Schedule {
    /// The schedule of this seed. The leading fault goes by the seed too, so that a dozen consecutive seeds have all
    /// of [`Fault::LEADS`].
    pub fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let begin = |random: &mut StdRng| Duration::from_millis(random.random_range(300..=whole(LAST_BEGIN)));
        let count = u64::try_from(Fault::LEADS.len()).unwrap_or(1);
        let fault = Fault::LEADS[usize::try_from(seed % count).unwrap_or(0)];
        let mut steps = vec![Step {
            at: begin(&mut random),
            lasts: fault.longest(),
            fault,
        }];
        while steps.len() <= MORE {
            let fault = Fault::random(&mut random);
            let step = Step {
                at: begin(&mut random),
                lasts: Duration::from_millis(random.random_range(200..=2500)),
                fault,
            };
            if !steps.iter().any(|other| step.collides_with(other)) {
                steps.push(step);
            }
        }
        steps.sort_by_key(|step| step.at);
        Self { seed, steps }
    }

    /// When the last fault is over.
    pub fn end(&self) -> Duration {
        self.steps.iter().map(Step::end).max().unwrap_or_default()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}:", self.seed)?;
        self.steps.iter().try_for_each(|step| {
            let (at, lasts) = (step.at.as_millis(), step.lasts.as_millis());
            write!(f, " [{at} ms, {lasts} ms: {}]", step.fault)
        })
    }
}

fn whole(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_dozen_consecutive_seeds_have_every_leading_fault() {
        for start in [0, 7, u64::MAX - 30] {
            let steps: Vec<_> = (0..12).flat_map(|n| Schedule::new(start + n).steps).collect();
            for lead in Fault::LEADS {
                assert!(steps.iter().any(|step| step.fault == lead), "{start}: {lead}");
            }
        }
    }

    #[test]
    fn every_failpoint_leads() {
        for point in Failpoint::ALL {
            assert!(Fault::LEADS.contains(&Fault::DieAt(point)), "{}", point.name());
        }
    }

    proptest! {
        #[test]
        fn a_seed_replays_its_schedule(seed: u64) {
            prop_assert_eq!(Schedule::new(seed), Schedule::new(seed));
        }

        #[test]
        fn faults_begin_in_order_and_never_fight_over_a_program(seed: u64) {
            let schedule = Schedule::new(seed);
            prop_assert_eq!(schedule.steps.len(), 1 + MORE);
            prop_assert!(schedule.steps.is_sorted_by_key(|step| step.at));
            for (n, step) in schedule.steps.iter().enumerate() {
                prop_assert!(step.at <= LAST_BEGIN);
                prop_assert!(step.end() <= schedule.end());
                for other in &schedule.steps[n + 1..] {
                    prop_assert!(!step.collides_with(other), "{step:?} {other:?}");
                }
            }
        }
    }
}
