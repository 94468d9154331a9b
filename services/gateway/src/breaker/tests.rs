//! The breaker by cases, and by whatever may happen to it.

use proptest::prelude::*;

use super::*;

/// Sends a request that ends so at once; `None` when it may not pass.
fn send(breaker: &mut Breaker, outcome: Outcome, now: Instant) -> Option<bool> {
    let pass = breaker.admit(now).ok()?;
    Some(breaker.settle(&pass, outcome, now))
}

fn opened(now: Instant) -> Breaker {
    let mut breaker = Breaker::default();
    for _ in 0..IN_A_ROW {
        send(&mut breaker, Outcome::Failed, now);
    }
    assert_eq!(breaker.state(), State::Open);
    breaker
}

#[test]
fn failures_in_a_row_open_it_and_one_success_between_them_does_not_let_them() {
    let (mut breaker, now) = (Breaker::default(), Instant::now());
    for _ in 0..3 {
        for _ in 1..IN_A_ROW {
            assert_eq!(send(&mut breaker, Outcome::Failed, now), Some(false));
        }
        // Else half of all would have failed.
        for _ in 0..2 * IN_A_ROW {
            assert_eq!(send(&mut breaker, Outcome::Answered, now), Some(false));
        }
    }
    for _ in 1..IN_A_ROW {
        send(&mut breaker, Outcome::Failed, now);
    }
    assert_eq!(send(&mut breaker, Outcome::Failed, now), Some(true));
    assert_eq!(breaker.admit(now).unwrap_err(), OPEN_FIRST);
}

#[test]
fn half_of_a_windows_requests_open_it() {
    let (mut breaker, now) = (Breaker::default(), Instant::now());
    let turns = [Outcome::Answered, Outcome::Failed].into_iter().cycle();
    let last = turns
        .take(WINDOW_MIN as usize)
        .map(|outcome| send(&mut breaker, outcome, now));
    assert_eq!(last.last(), Some(Some(true)));
}

#[test]
fn what_failed_in_another_window_is_forgotten() {
    let (mut breaker, mut now) = (Breaker::default(), Instant::now());
    for n in 0..200_u32 {
        let outcome = if n % 2 == 0 {
            Outcome::Failed
        } else {
            Outcome::Answered
        };
        assert_eq!(send(&mut breaker, outcome, now), Some(false), "request {n}");
        now += WINDOW / (WINDOW_MIN - 1);
    }
}

#[test]
fn one_request_tries_when_its_time_has_come_and_the_others_wait_for_it() {
    let now = Instant::now();
    let mut breaker = opened(now);
    let then = now + OPEN_FIRST;
    assert!(breaker.admit(now + OPEN_FIRST.mul_f32(0.999)).is_err());
    let pass = breaker.admit(then).unwrap();
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(breaker.admit(then).unwrap_err(), TRYING);
    assert!(!breaker.settle(&pass, Outcome::Answered, then));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn each_trial_that_fails_doubles_the_time_up_to_the_longest() {
    let mut now = Instant::now();
    let mut breaker = opened(now);
    for seconds in [2, 4, 8, 8] {
        now += breaker.admit(now).unwrap_err();
        assert_eq!(send(&mut breaker, Outcome::Failed, now), Some(true));
        assert_eq!(breaker.admit(now).unwrap_err(), Duration::from_secs(seconds));
    }
    now += OPEN_LONGEST;
    send(&mut breaker, Outcome::Answered, now);
    for _ in 0..IN_A_ROW {
        send(&mut breaker, Outcome::Failed, now);
    }
    assert_eq!(breaker.admit(now).unwrap_err(), OPEN_FIRST, "it begins anew");
}

#[test]
fn a_trial_that_nobody_waited_for_is_made_again() {
    let now = Instant::now();
    let mut breaker = opened(now);
    let then = now + OPEN_FIRST;
    assert_eq!(send(&mut breaker, Outcome::Unknown, then), Some(false));
    assert_eq!(send(&mut breaker, Outcome::Answered, then), Some(false));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn what_passed_before_it_opened_says_nothing_about_what_is_now() {
    let now = Instant::now();
    let mut breaker = Breaker::default();
    let early: Vec<_> = (0..4).map(|_| breaker.admit(now).unwrap()).collect();
    for _ in 0..IN_A_ROW {
        send(&mut breaker, Outcome::Failed, now);
    }
    let then = now + OPEN_FIRST;
    assert!(!breaker.settle(&early[0], Outcome::Answered, now));
    assert_eq!(breaker.state(), State::Open);
    let trial = breaker.admit(then).unwrap();
    assert!(!breaker.settle(&early[1], Outcome::Failed, then));
    assert!(!breaker.settle(&early[2], Outcome::Unknown, then));
    assert_eq!(breaker.admit(then).unwrap_err(), TRYING, "still only one tries");
    breaker.settle(&trial, Outcome::Answered, then);
    assert!(!breaker.settle(&early[3], Outcome::Failed, then));
    assert_eq!(breaker.state(), State::Closed);
}

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Ask,
    /// Ends one of the requests that are on their way.
    End(prop::sample::Index, Outcome),
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Answered),
        Just(Outcome::Failed),
        Just(Outcome::Unknown)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..20_000_u64).prop_map(Step::Wait),
        Just(Step::Ask),
        Just(Step::Ask),
        (any::<prop::sample::Index>(), outcome()).prop_map(|(which, outcome)| Step::End(which, outcome)),
        any::<prop::sample::Index>().prop_map(|which| Step::End(which, Outcome::Failed)),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_it_lets_nobody_pass_while_open_and_never_stays_so(
        steps in prop::collection::vec(step(), 1..200)
    ) {
        let mut now = Instant::now();
        let (mut breaker, mut passes) = (Breaker::default(), Vec::new());
        let mut open_until = None;
        for step in steps {
            match step {
                Step::Wait(milliseconds) => now += Duration::from_millis(milliseconds),
                Step::Ask => match breaker.admit(now) {
                    Ok(pass) => {
                        prop_assert!(open_until.is_none_or(|until| now >= until), "passed while open");
                        open_until = None;
                        passes.push(pass);
                    }
                    Err(wait) => {
                        prop_assert!(wait > Duration::ZERO && wait <= OPEN_LONGEST);
                        prop_assert_ne!(breaker.state(), State::Closed);
                    }
                },
                Step::End(which, outcome) if !passes.is_empty() => {
                    let pass = passes.swap_remove(which.index(passes.len()));
                    let has_opened = breaker.settle(&pass, outcome, now);
                    prop_assert!(!has_opened || outcome == Outcome::Failed);
                    prop_assert!(!has_opened || breaker.state() == State::Open);
                    if has_opened {
                        open_until = Some(now + OPEN_FIRST);
                    }
                }
                Step::End(..) => {}
            }
            let trying = passes.iter().filter(|pass| pass.epoch == breaker.epoch).count();
            prop_assert!(breaker.state() != State::HalfOpen || trying <= 1, "{} try", trying);
        }
        // Once all have ended and the longest time is over, somebody passes, and an answer closes it.
        for pass in passes {
            breaker.settle(&pass, Outcome::Unknown, now);
        }
        now += OPEN_LONGEST;
        prop_assert!(send(&mut breaker, Outcome::Answered, now).is_some());
        prop_assert_eq!(breaker.state(), State::Closed);
    }

    #[test]
    fn a_service_that_answers_is_always_asked(
        outcomes in prop::collection::vec(prop_oneof![Just(Outcome::Answered), Just(Outcome::Unknown)], 0..200)
    ) {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for outcome in outcomes {
            prop_assert_eq!(send(&mut breaker, outcome, now), Some(false));
        }
    }

    #[test]
    fn a_service_that_fails_is_not_asked_for_long(answered in 0..100_usize) {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..answered {
            send(&mut breaker, Outcome::Answered, now);
        }
        let asked = (0..100).filter(|_| send(&mut breaker, Outcome::Failed, now).is_some()).count();
        prop_assert_eq!(asked, IN_A_ROW as usize);
    }
}
