//! `cargo xtask bench`: what is measured is measured beside something else in the same run, because machines differ and are
//! never quiet. Only ratios mean anything.

mod database;
mod load;
mod report;
mod servers;
mod statements;

use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use self::database::Database;
use self::load::{Kind, Load, Measured};
use self::report::Report;
use self::servers::{Server, Servers};
use crate::dirs;
use crate::progress::{Step, note, say};
use crate::project::Project;

/// Tasks that are there before anything is measured.
const TASKS: u32 = 10_000;
/// Where the result is kept.
const DOCUMENT: &str = "docs/benchmarks.md";

/// What to measure.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// The task service beside a Python twin with asyncpg, and beside pgbench with the same statements
    Services(Services),
}

/// How to measure it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Services {
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How often each is repeated; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Write the result to docs/benchmarks.md
    #[arg(long)]
    write: bool,
}

/// Measures as told, and prints the ratios.
pub(crate) fn run(project: &Project, command: &Command) -> Result<()> {
    let Command::Services(services) = command;
    let database = Database::start(project)?;
    let outcome = measure(project, &database, services);
    let stopped = database.stop();
    let report = outcome?;
    stopped?;
    let text = report.to_string();
    say(format_args!("{text}"));
    if services.write {
        dirs::write(&project.dirs.root().join(DOCUMENT), &text)?;
        note(&format!("wrote {DOCUMENT}"));
    }
    Ok(())
}

fn measure(project: &Project, database: &Database, services: &Services) -> Result<Report> {
    let servers = Servers::start(project, database)?;
    let load = Load::new(project, &servers, Duration::from_secs(services.seconds));
    let statements = statements::recorded(database, &servers)?;
    database.fill(TASKS)?;
    let mut report = Report::new(services.seconds, services.rounds);
    for server in Server::ALL {
        report.idle(server, servers.resident(server));
    }
    for round in 1..=services.rounds {
        for kind in Kind::ALL {
            let step = Step::start(format!("round {round} of {}: {}", services.rounds, kind.title()));
            for server in Server::ALL {
                let measured: Measured = load
                    .run(server, kind)
                    .with_context(|| format!("{} of {}", kind.title(), server.title()))?;
                report.add(server, kind, measured);
            }
            report.add_database(kind, load.pgbench(database, kind, statements.of(kind))?);
            step.done();
        }
    }
    for server in Server::ALL {
        report.loaded(server, servers.resident(server));
    }
    Ok(report)
}
