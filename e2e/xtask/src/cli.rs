//! The command line.

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::cluster::{self, Choice};
use crate::{dapr, images};

/// The project's commands: a running platform, a test cluster, images, all tests.
///
/// Builds are kept in $XDG_CACHE_HOME/todoplatform (~/.cache/todoplatform without that variable).
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start, stop and use a test cluster
    Cluster {
        #[command(subcommand)]
        command: cluster::Command,
    },
    /// Build our binaries and pack container images; prints reference, digest and archive of each
    Images(images::Command),
    /// Install or remove Dapr
    Dapr {
        #[command(subcommand)]
        command: dapr::Command,
    },
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}
