//! The project's commands: a test cluster, images, a running platform, all tests.

mod bench;
mod cargo;
mod cli;
mod cluster;
mod crds;
mod dapr;
mod dirs;
#[cfg(test)]
mod docs;
mod generate;
mod helm;
mod images;
mod lock;
mod netpol;
mod pictures;
mod platform;
mod progress;
mod project;
mod run;
mod test;
mod tools;
mod versions;
mod wait;
#[cfg(test)]
mod workflows;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser};

use cli::{Cli, Command};
use cluster::{Cluster, Level};
use project::Project;

fn main() -> ExitCode {
    let cli = Cli::parse();
    run(cli).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(cli: Cli) -> Result<ExitCode> {
    let Cli { choice, command } = cli;
    match command {
        Command::Up(up) => platform::up(&Project::load()?, &choice, &up),
        Command::Down(platform) => platform::down(&Project::load()?, &choice, &platform),
        Command::Test(command) => return test::run(&Project::load()?, &choice, &command),
        Command::Generate(command) => generate::run(&Project::load()?, &command),
        Command::Cluster { command } => cluster::run(&Project::load()?, &choice, command),
        Command::Images(command) => images::run(&Project::load()?, &command),
        Command::Tools(command) => tools::build_command(&Project::load()?, &command),
        Command::Bench { command } => bench::run(&Project::load()?, &command),
        Command::Pictures(command) => pictures::run(&Project::load()?, &command),
        Command::Dapr { command } => {
            let project = Project::load()?;
            let cluster = Cluster::current(&project, &choice, Some(Level::Node))?;
            match command {
                dapr::Command::Install => dapr::install(&project, &cluster),
                dapr::Command::Uninstall => dapr::uninstall(&project, &cluster),
            }
        }
        Command::NetpolAgent(agent) => agent.run(),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "cargo-xtask", &mut std::io::stdout());
            Ok(())
        }
    }?;
    Ok(ExitCode::SUCCESS)
}
