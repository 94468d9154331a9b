//! The project's commands: a test cluster, images, a running platform, all tests.

mod cli;
mod cluster;
mod dirs;
mod images;
mod lock;
mod progress;
mod project;
mod run;
mod tools;
mod versions;
mod wait;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser};

use cli::{Cli, Command};
use project::{Project, cargo};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Cluster { command } => cluster::run(&Project::load()?, &cli.choice, command),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "cargo-xtask", &mut std::io::stdout());
            Ok(())
        }
    }
}
