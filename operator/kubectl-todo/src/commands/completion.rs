//! `kubectl todo completion`: scripts for shells, and for kubectl.

use clap_complete::Shell;

/// What kubectl runs to complete a plugin, from the PATH.
const KUBECTL: &str = "#!/bin/sh\nexec kubectl-todo __complete \"$@\"\n";

#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct CompletionArgs {
    /// What the script is for: a shell that runs `kubectl-todo`, or kubectl itself.
    #[arg(value_enum)]
    target: For,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum For {
    /// `kubectl-todo` in bash.
    Bash,
    /// `kubectl-todo` in elvish.
    Elvish,
    /// `kubectl-todo` in fish.
    Fish,
    /// `kubectl-todo` in PowerShell.
    Powershell,
    /// `kubectl-todo` in zsh.
    Zsh,
    /// `kubectl todo` in every shell that kubectl completes itself in: a program named `kubectl_complete-todo`.
    Kubectl,
}

/// The script.
pub(crate) fn script(args: CompletionArgs, command: &mut clap::Command) -> String {
    let shell = match args.target {
        For::Bash => Shell::Bash,
        For::Elvish => Shell::Elvish,
        For::Fish => Shell::Fish,
        For::Powershell => Shell::PowerShell,
        For::Zsh => Shell::Zsh,
        For::Kubectl => return KUBECTL.into(),
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "kubectl-todo", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
