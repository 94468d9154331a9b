//! The election as a state machine: what was seen and when, and what follows from it. No I/O, no clock.

use std::time::Duration;

use tokio::time::Instant;

/// How long a claim lasts, and what follows from that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// After so long without a renewal others may take the Lease.
    pub duration: Duration,
}

impl Terms {
    /// How long a renewal is good for the one who sent it: a third less than for the others.
    pub fn valid(self) -> Duration {
        self.duration * 2 / 3
    }

    /// How often it is renewed: three times before it would lapse.
    pub fn renew(self) -> Duration {
        self.duration * 2 / 9
    }

    /// How long one call may take, and the pause after one that failed.
    pub fn call(self) -> Duration {
        self.duration / 9
    }
}

/// What a Lease says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The version of the object.
    pub version: String,
    /// Who holds it; none when it was released.
    pub holder: Option<String>,
    /// For how long without a renewal, as its holder wrote.
    pub duration: Duration,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing before this moment, unless the Lease changes.
    Wait(Option<Instant>),
    /// There is no Lease: make one that is ours.
    Create,
    /// Nobody holds it: put our name there, if it still has this version.
    Take(String),
    /// It is ours: say so again, if it still has this version.
    Renew(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Absent,
    Record { record: Record, since: Instant },
}

/// One replica's view of the election.
#[derive(Clone, Debug)]
pub struct Election {
    identity: String,
    terms: Terms,
    seen: Seen,
    /// When the last renewal that was taken was sent; none when the Lease is not ours.
    sent: Option<Instant>,
    /// Nothing is sent before this moment.
    pause: Option<Instant>,
}

impl Election {
    /// A replica that has seen nothing yet. No two processes ever have the same identity.
    pub fn new(identity: String, terms: Terms) -> Self {
        Self {
            identity,
            terms,
            seen: Seen::Nothing,
            sent: None,
            pause: None,
        }
    }

    /// The Lease was seen like this, or was not there. Gives whether that is news: a watch may be behind the answer to
    /// our own write.
    pub fn observe(&mut self, record: Option<Record>, now: Instant) -> bool {
        let Some(record) = record else {
            self.seen = Seen::Absent;
            self.sent = None;
            return true;
        };
        if let Seen::Record { record: known, .. } = &self.seen
            && is_older(&record.version, &known.version)
        {
            return false;
        }
        if record.holder.as_deref() != Some(&self.identity) {
            self.sent = None;
        }
        // Seen again, as after a watch is started anew: its age goes on.
        if !matches!(&self.seen, Seen::Record { record: known, .. } if *known == record) {
            self.seen = Seen::Record { record, since: now };
        }
        true
    }

    /// What was sent at `sent` was taken.
    pub fn won(&mut self, record: Record, sent: Instant, now: Instant) {
        if self.observe(Some(record), now) {
            self.sent = Some(sent);
        }
        self.pause = None;
    }

    /// What was sent was not answered, or refused for a reason that may pass.
    pub fn failed(&mut self, now: Instant) {
        self.pause = Some(now + self.terms.call());
    }

    /// Until when this replica may write; none when it may not. The moment may have passed.
    pub fn held_until(&self) -> Option<Instant> {
        Some(self.sent? + self.terms.valid())
    }

    /// What to do at this moment.
    pub fn step(&self, now: Instant) -> Step {
        if let Some(pause) = self.pause
            && now < pause
        {
            return Step::Wait(Some(pause));
        }
        let (record, since) = match &self.seen {
            Seen::Nothing => return Step::Wait(None),
            Seen::Absent => return Step::Create,
            Seen::Record { record, since } => (record, *since),
        };
        match &record.holder {
            None => Step::Take(record.version.clone()),
            Some(holder) if *holder == self.identity => match self.sent {
                Some(sent) if now < sent + self.terms.renew() => Step::Wait(Some(sent + self.terms.renew())),
                // Due, or taken by a call whose answer never came.
                _ => Step::Renew(record.version.clone()),
            },
            Some(_other) => {
                let expiry = since + record.duration;
                if now < expiry {
                    Step::Wait(Some(expiry))
                } else {
                    Step::Take(record.version.clone())
                }
            }
        }
    }
}

/// Versions of one object grow; one that is no number is taken to be newer.
fn is_older(seen: &str, known: &str) -> bool {
    matches!((seen.parse::<u64>(), known.parse::<u64>()), (Ok(seen), Ok(known)) if seen < known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms {
        duration: Duration::from_secs(9),
    };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn record(version: &str, holder: Option<&str>) -> Record {
        Record {
            version: version.into(),
            holder: holder.map(str::to_owned),
            duration: TERMS.duration,
        }
    }

    fn me() -> Election {
        Election::new("me".into(), TERMS)
    }

    #[test]
    fn each_sight_of_the_lease_leads_to_one_step() {
        let start = Instant::now();
        let other = record("7", Some("other"));
        let cases = [
            ("there is none", None, 0, Step::Create),
            (
                "it was released",
                Some(record("7", None)),
                0,
                Step::Take("7".into()),
            ),
            (
                "somebody holds it",
                Some(other.clone()),
                8,
                Step::Wait(Some(start + seconds(9))),
            ),
            ("it was not renewed", Some(other), 9, Step::Take("7".into())),
            (
                "ours, but the answer never came",
                Some(record("7", Some("me"))),
                0,
                Step::Renew("7".into()),
            ),
        ];
        for (name, seen, after, expected) in cases {
            let mut election = me();
            assert_eq!(election.step(start), Step::Wait(None), "nothing was seen yet");
            election.observe(seen, start);
            assert_eq!(election.step(start + seconds(after)), expected, "{name}");
            assert_eq!(
                election.held_until(),
                None,
                "{name}: to have seen it is not to hold it"
            );
        }
    }

    #[test]
    fn a_renewal_starts_the_age_anew_and_the_same_sight_does_not() {
        let start = Instant::now();
        let mut election = me();
        election.observe(Some(record("1", Some("other"))), start);
        election.observe(Some(record("1", Some("other"))), start + seconds(5));
        assert_eq!(
            election.step(start + seconds(6)),
            Step::Wait(Some(start + seconds(9)))
        );
        election.observe(Some(record("2", Some("other"))), start + seconds(7));
        assert_eq!(
            election.step(start + seconds(9)),
            Step::Wait(Some(start + seconds(16)))
        );
    }

    #[test]
    fn a_holder_is_done_before_anybody_else_can_begin() {
        // The slowest answer and the fastest watch: another sees the renewal when it is sent.
        let sent = Instant::now();
        let (mut holder, mut other) = (me(), Election::new("other".into(), TERMS));
        holder.won(record("2", Some("me")), sent, sent + TERMS.call());
        other.observe(Some(record("2", Some("me"))), sent);
        let (end, begin) = (holder.held_until().unwrap(), sent + TERMS.duration);
        assert_eq!(other.step(begin), Step::Take("2".into()));
        assert!(
            end + TERMS.duration / 3 <= begin,
            "a third of the duration lies between"
        );
    }

    #[test]
    fn renewals_are_due_three_times_before_the_claim_lapses() {
        let sent = Instant::now();
        let mut election = me();
        election.won(record("2", Some("me")), sent, sent);
        assert_eq!(election.step(sent), Step::Wait(Some(sent + seconds(2))));
        assert_eq!(election.step(sent + seconds(2)), Step::Renew("2".into()));
        election.failed(sent + seconds(3));
        assert_eq!(
            election.step(sent + seconds(3)),
            Step::Wait(Some(sent + seconds(4)))
        );
        assert_eq!(election.step(sent + seconds(4)), Step::Renew("2".into()));
        assert_eq!(
            election.held_until(),
            Some(sent + seconds(6)),
            "a failure moves nothing"
        );
    }

    #[test]
    fn who_sees_another_name_or_none_holds_nothing() {
        let now = Instant::now();
        for seen in [None, Some(record("3", None)), Some(record("3", Some("other")))] {
            let mut election = me();
            election.won(record("2", Some("me")), now, now);
            assert!(election.held_until().is_some());
            election.observe(seen.clone(), now);
            assert_eq!(election.held_until(), None, "{seen:?}");
        }
    }

    #[test]
    fn a_watch_that_is_behind_takes_nothing_away() {
        let now = Instant::now();
        let mut election = me();
        election.won(record("10", Some("me")), now, now);
        assert!(!election.observe(Some(record("9", None)), now));
        assert!(election.held_until().is_some());
    }

    #[test]
    fn the_holders_own_duration_counts_and_not_ours() {
        let start = Instant::now();
        let mut election = me();
        let patient = Record {
            duration: seconds(60),
            ..record("1", Some("other"))
        };
        election.observe(Some(patient), start);
        assert_eq!(
            election.step(start + seconds(9)),
            Step::Wait(Some(start + seconds(60)))
        );
    }
}
