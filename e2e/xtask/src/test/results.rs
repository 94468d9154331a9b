//! Counting: what ran, what passed, what failed.

use std::time::Duration;

use crate::progress::{elapsed, note};

/// How many tests of a run passed and failed; a check counts as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
}

impl Counts {
    /// One check.
    pub(super) fn check(passed: bool) -> Self {
        Self {
            passed: usize::from(passed),
            failed: usize::from(!passed),
        }
    }

    /// From the output of `cargo test` and from whether it succeeded. A run that failed counts at least
    /// one failure, even if it came to no test.
    pub(super) fn of_cargo_test(output: &str, succeeded: bool) -> Self {
        let mut counts = Self::default();
        for line in output.lines() {
            if let Some((_, result)) = line.split_once("test result: ") {
                counts.passed += number_before(result, " passed");
                counts.failed += number_before(result, " failed");
            }
        }
        if !succeeded {
            counts.failed = counts.failed.max(1);
        }
        counts
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

fn number_before(text: &str, word: &str) -> usize {
    let Some((before, _)) = text.split_once(word) else {
        return 0;
    };
    before
        .rsplit(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// All that ran so far.
#[derive(Debug, Default)]
pub(super) struct Results {
    counts: Counts,
    failures: Vec<String>,
}

impl Results {
    pub(super) fn add(&mut self, name: &str, counts: Counts, took: Duration) {
        let Counts { passed, failed } = counts;
        note(&format!(
            "-- {name}: {passed} passed, {failed} failed ({})",
            elapsed(took)
        ));
        if failed > 0 {
            self.failures.push(name.to_owned());
        }
        self.counts.add(counts);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.counts.failed > 0
    }

    /// What failed, one name per line.
    pub(super) fn failures(&self) -> &[String] {
        &self.failures
    }

    /// The last line of the output: `12 passed, 0 failed`.
    pub(super) fn summary(&self) -> String {
        format!("{} passed, {} failed", self.counts.passed, self.counts.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
running 2 tests
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

test result: \u{1b}[31mFAILED\u{1b}[0m. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s
";

    #[test]
    fn results_of_all_test_binaries_are_added() {
        assert_eq!(
            Counts::of_cargo_test(OUTPUT, false),
            Counts {
                passed: 14,
                failed: 3
            }
        );
    }

    #[test]
    fn a_run_that_does_not_compile_has_failed() {
        assert_eq!(
            Counts::of_cargo_test("error: could not compile", false),
            Counts { passed: 0, failed: 1 }
        );
    }

    #[test]
    fn the_summary_counts_checks_and_tests_alike() {
        let mut results = Results::default();
        results.add("formatting", Counts::check(true), Duration::ZERO);
        results.add("tests", Counts { passed: 4, failed: 2 }, Duration::ZERO);
        results.add("lints", Counts::check(false), Duration::ZERO);
        assert_eq!(results.summary(), "5 passed, 3 failed");
        assert_eq!(results.failures(), ["tests", "lints"]);
        assert!(results.has_failed());
    }
}
