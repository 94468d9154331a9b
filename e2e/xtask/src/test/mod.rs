//! `cargo xtask test`: the four levels of tests, one after another, and one line that sums them up.

mod artifacts;
mod levels;
mod results;
mod runner;
mod stores;

use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use artifacts::Artifacts;
use levels::Levels;
use runner::Runner;
pub(crate) use stores::stop_left;

use crate::cluster::Choice;
use crate::progress::{elapsed, heading, note, say};
use crate::project::Project;

/// Which tests.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Only this level (1 to 4), of docs/architecture.md; may be given several times
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=4))]
    level: Vec<u8>,
    /// Only tests whose name contains this; leaves the checks out
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Leave the clusters and stores up
    #[arg(long)]
    keep: bool,
}

/// Runs them; fails when any of them fails.
pub(crate) fn run(project: &Project, choice: &Choice, command: &Command) -> Result<()> {
    let started = Instant::now();
    let artifacts = Artifacts::create(&project.dirs)?;
    let mut runner = Runner::new(project, &artifacts, command.filter.clone());
    let mut levels = Levels::new(project, choice, &artifacts);
    for level in 1..=4 {
        if command.level.is_empty() || command.level.contains(&level) {
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
    let results = runner.results();
    if results.has_failed() {
        levels.collect();
    }
    if !command.keep {
        levels.tear_down()?;
    }
    for failure in results.failures() {
        note(&format!("FAILED: {failure}"));
    }
    if results.has_failed() {
        note(&format!("logs: {}", artifacts.folder().display()));
    } else {
        artifacts.remove()?;
    }
    note(&format!("took {}", elapsed(started.elapsed())));
    say(format_args!("{}", results.summary()));
    if results.has_failed() {
        bail!("tests failed");
    }
    Ok(())
}
