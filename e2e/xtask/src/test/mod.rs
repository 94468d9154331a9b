//! `cargo xtask test`: the four levels of tests, one after another, and one line that sums them up.

mod artifacts;
mod judges;
mod kafka;
mod levels;
mod proof;
mod results;
mod runner;
pub(crate) mod stores;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;

use artifacts::Artifacts;
use levels::Levels;
use runner::Runner;
pub(crate) use stores::stop_left;

use crate::cluster::Choice;
use crate::platform::Published;
use crate::progress::{elapsed, heading, note, say};
use crate::project::Project;

/// Which tests.
#[derive(Debug, Args)]
#[command(
    after_help = "With --registry the tests on a node take Kafka from there, too, as REGISTRY/kafka:4; \
                        `cargo xtask images kafka` packs it."
)]
pub(crate) struct Command {
    /// Only this level (1 to 4), of docs/architecture.md; may be given several times
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=4))]
    level: Vec<u8>,
    /// Only tests whose name contains this; leaves the checks out
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Hundreds of random schedules of failures instead of a dozen, and the scenarios on a node too that take half an
    /// hour because they wait for what takes its time
    #[arg(long, env = "TODO_TEST_NIGHTLY")]
    nightly: bool,
    /// Leave the clusters and stores up
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    published: Published,
}

impl Command {
    fn wants(&self, level: u8) -> bool {
        self.level.is_empty() || self.level.contains(&level)
    }
}

/// Runs them. A test's failure is the exit code, not an error: the summary is the last line.
pub(crate) fn run(project: &Project, choice: &Choice, command: &Command) -> Result<ExitCode> {
    if command.wants(Levels::ON_NODE) {
        command.published.check(choice)?;
    }
    let started = Instant::now();
    let artifacts = Artifacts::create(&project.dirs)?;
    let mut runner = Runner::new(project, &artifacts, command.filter.clone());
    let mut levels = Levels::new(project, choice, &command.published, &artifacts, command.nightly);
    for level in 1..=4 {
        if command.wants(level) {
            heading(&format!("Level {level}: {}", Levels::title(level)));
            let begun = Instant::now();
            if let Err(error) = levels.run(level, &mut runner) {
                runner.fail(
                    &format!("level {level} could not be set up: {error:#}"),
                    begun.elapsed(),
                );
            }
        }
    }
    if runner.results().has_failed() {
        levels.collect();
    }
    let begun = Instant::now();
    if !command.keep
        && let Err(error) = levels.tear_down()
    {
        runner.fail(
            &format!("not everything could be taken down: {error:#}"),
            begun.elapsed(),
        );
    }
    let results = runner.results();
    for failure in results.failures() {
        note(&format!("FAILED: {failure}"));
    }
    if results.has_failed() {
        note(&format!("logs: {}", artifacts.folder().display()));
    } else if let Err(error) = artifacts.remove() {
        note(&format!("the logs could not be removed: {error:#}"));
    }
    note(&format!("took {}", elapsed(started.elapsed())));
    say(format_args!("{}", results.summary()));
    Ok(if results.has_failed() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
