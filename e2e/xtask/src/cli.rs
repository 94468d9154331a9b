//! The command line.

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::cluster::{self, Choice};
use crate::netpol;
use crate::{bench, dapr, generate, images, pictures, platform, test, tools};

/// The project's commands: a running platform, a test cluster, images, all tests.
///
/// Builds are kept in ~/.cache/todoplatform, or in the folder todoplatform of `XDG_CACHE_HOME`.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring up a running platform from nothing: cluster, images, Dapr, operator, platform
    Up(platform::Up),
    /// Remove the platform and the operator, and the cluster if we run it
    Down(platform::Platform),
    /// Run the tests, all four levels of them, and say how many passed and failed
    Test(test::Command),
    /// Write the files that are generated from code: CRD, chart role, API reference
    Generate(generate::Command),
    /// Start, stop and use a test cluster
    Cluster {
        #[command(subcommand)]
        command: cluster::Command,
    },
    /// Build our binaries and pack container images; prints reference, digest and archive of each
    Images(images::Command),
    /// Build the programs that the cluster is made of, as far as they are missing; prints their folders
    Tools(tools::Command),
    /// Draw every dashboard in a browser, with the data of a scripted morning; prints the folder of the pictures
    Pictures(pictures::Command),
    /// Measure side by side, as ratios of one run
    Bench {
        #[command(subcommand)]
        command: bench::Command,
    },
    /// Install or remove Dapr
    Dapr {
        #[command(subcommand)]
        command: dapr::Command,
    },
    /// One of the node cluster's own processes
    #[command(hide = true)]
    NetpolAgent(netpol::Agent),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn tests_on_an_existing_cluster_take_published_images() {
        let words = "xtask test --level 3 --context mine --registry registry.example/todo --tag 0.1.0";
        let cli = Cli::try_parse_from(words.split(' ')).unwrap();
        assert_eq!(cli.choice.context.as_deref(), Some("mine"));
        assert!(matches!(cli.command, Command::Test(_)));
    }

    #[test]
    fn a_kubernetes_is_chosen_for_kind_and_not_for_an_existing_cluster() {
        let parse = |words: &str| Cli::try_parse_from(words.split(' '));
        let cli = parse("xtask test --level 3 --provider kind --kubernetes oldest").unwrap();
        assert!(cli.choice.kubernetes.is_some());
        assert!(parse("xtask up --context mine --kubernetes oldest").is_err());
        let error = parse("xtask up --kubernetes latest").unwrap_err().to_string();
        assert!(error.contains("v1.36.4"), "{error}");
    }
}
