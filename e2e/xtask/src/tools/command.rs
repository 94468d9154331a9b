//! `cargo xtask tools`.

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::Tool;
use crate::progress;
use crate::project::Project;

/// Which tools.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Without any: all of them
    #[arg(value_enum, value_name = "TOOL")]
    tools: Vec<Tool>,
}

/// Builds those that are missing, and prints the folder of each.
pub(crate) fn run(project: &Project, command: &Command) -> Result<()> {
    let wanted = if command.tools.is_empty() {
        Tool::value_variants()
    } else {
        &command.tools
    };
    let tools = project.tools();
    tools.ensure(wanted)?;
    for tool in wanted {
        progress::say(format_args!("{}", tools.path(*tool, "").display()));
    }
    Ok(())
}
