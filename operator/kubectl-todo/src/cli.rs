//! The command line.

use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::Timestamp;

use crate::{
    cluster::{Cluster, ClusterError, Where},
    complete,
    look::Look,
    status::Report,
    token::{self, TokenArgs, TokenError},
};

/// Exit code of a platform that is not Ready.
const NOT_READY: u8 = 1;
/// Exit code when there is no answer; clap's for a wrong command line too.
pub(crate) const FAILED: u8 = 2;

/// Day-2 work on a TodoPlatform.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-todo",
    bin_name = "kubectl todo",
    version,
    after_help = "Exit codes: 0 done, or Ready; 1 not Ready (status); 2 no answer, and standard error says why."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    place: Where,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints a bearer token, signed with the platform's development key.
    ///
    /// The token is all that is printed on standard output. It needs leave to read the Secret
    /// `<platform>-signing-key`. A platform that names an issuer's keys in `spec.auth` has no such key.
    #[command(after_help = "Example:\n  TOKEN=$(kubectl todo token --user alice --email alice@example.com)")]
    Token(TokenArgs),
    /// Shows conditions, components, dependencies, and what blocks with what to do next.
    ///
    /// Exit code 0 when the platform is Ready as its present spec says, 1 when it is not, 2 when nobody can tell.
    Status(StatusArgs),
    /// Prints a script that completes `kubectl-todo` in a shell.
    #[command(after_help = COMPLETION_HELP)]
    Completion(CompletionArgs),
    /// What kubectl's completion asks for.
    #[command(name = "__complete", hide = true, disable_help_flag = true)]
    Complete(CompleteArgs),
}

const COMPLETION_HELP: &str = "\
kubectl-todo itself, for example in bash:
  source <(kubectl-todo completion bash)

`kubectl todo` is completed by kubectl, which asks a program named kubectl_complete-todo in the PATH:
  printf '#!/bin/sh\\nexec kubectl-todo __complete \"$@\"\\n' > ~/.local/bin/kubectl_complete-todo
  chmod +x ~/.local/bin/kubectl_complete-todo
It needs kubectl's own completion: source <(kubectl completion bash)";

#[derive(Debug, Args)]
struct StatusArgs {
    /// The TodoPlatform. Default: the only one of the namespace.
    name: Option<String>,
    /// How the answer is written.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Debug, Args)]
struct CompletionArgs {
    /// The shell.
    shell: Shell,
}

#[derive(Debug, Args)]
struct CompleteArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    /// Tables, for people.
    Text,
    /// The status with `name`, `namespace`, `ready` and `current`, for programs.
    Json,
}

/// What goes to standard output, and the exit code.
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) exit_code: ExitCode,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Cluster(ClusterError),
    #[error(transparent)]
    Token(TokenError),
    #[error("the status cannot be written as JSON")]
    Json { source: serde_json::Error },
}

impl CliError {
    /// What to do about it.
    pub(crate) fn next_action(&self) -> String {
        match self {
            Self::Cluster(error) => error.next_action(),
            Self::Token(error) => error.next_action(),
            Self::Json { .. } => "this is a defect of kubectl-todo: report it; `-o text` may work".into(),
        }
    }
}

/// Does what was asked.
pub(crate) async fn run(cli: Cli, look: Look, now: Timestamp) -> Result<Answer, CliError> {
    let Cli { place, command } = cli;
    let text = match command {
        Command::Token(args) => {
            let cluster = Cluster::connect(place).await.map_err(CliError::Cluster)?;
            let token = token::token(&cluster, &args, now)
                .await
                .map_err(CliError::Token)?;
            format!("{token}\n")
        }
        Command::Status(args) => {
            let cluster = Cluster::connect(place).await.map_err(CliError::Cluster)?;
            return status(&cluster, &args, look, now).await;
        }
        Command::Completion(CompletionArgs { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "kubectl-todo", &mut script);
            String::from_utf8_lossy(&script).into_owned()
        }
        Command::Complete(CompleteArgs { words }) => complete::candidates(&Cli::command(), &words),
    };
    Ok(Answer {
        text,
        exit_code: ExitCode::SUCCESS,
    })
}

async fn status(
    cluster: &Cluster,
    args: &StatusArgs,
    look: Look,
    now: Timestamp,
) -> Result<Answer, CliError> {
    let platform = cluster
        .platform(args.name.as_deref())
        .await
        .map_err(CliError::Cluster)?;
    let report = Report::new(&platform);
    let text = match args.output {
        Output::Text => report.text(look, now),
        Output::Json => {
            let json = serde_json::to_string_pretty(&report).map_err(|source| CliError::Json { source })?;
            format!("{json}\n")
        }
    };
    let exit_code = if report.is_ready() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_READY)
    };
    Ok(Answer { text, exit_code })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::{PLATFORMS, fake, platform};

    fn parsed(words: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from([&["kubectl-todo"], words].concat())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn where_to_look_can_be_said_after_the_command() {
        let before = parsed(&["-n", "shop", "--context", "kind", "status", "todo"]).unwrap();
        let after = parsed(&["status", "todo", "-n", "shop", "--context", "kind"]).unwrap();
        assert_eq!(before.place, after.place);
        assert_ne!(before.place, Where::default());
    }

    #[test]
    fn a_wrong_ttl_is_told_with_a_right_one() {
        let told = parsed(&["token", "--user", "alice", "--ttl", "15"])
            .unwrap_err()
            .to_string();
        assert!(
            told.contains("--ttl") && told.contains("90s, 15m or 1h30m"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn status_ends_by_what_it_found() {
        let mut ready = platform("ready");
        ready["status"] = serde_json::json!({
            "observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": "", "lastTransitionTime": "2030-01-01T00:00:00Z"}],
        });
        let paths = [format!("{PLATFORMS}/ready"), format!("{PLATFORMS}/new")];
        let cluster = fake(&[(&paths[0], ready), (&paths[1], platform("new"))]);
        for (name, expected) in [("ready", ExitCode::SUCCESS), ("new", ExitCode::from(NOT_READY))] {
            let args = StatusArgs {
                name: Some(name.into()),
                output: Output::Json,
            };
            let answer = status(&cluster, &args, Look::new(false, None), Timestamp::UNIX_EPOCH)
                .await
                .unwrap();
            assert_eq!(answer.exit_code, expected, "{name}");
            assert!(
                answer.text.starts_with("{\n") && answer.text.ends_with("}\n"),
                "{}",
                answer.text
            );
        }
    }

    #[tokio::test]
    async fn completion_is_a_script_for_the_shell() {
        let cli = parsed(&["completion", "bash"]).unwrap();
        let answer = run(cli, Look::new(false, None), Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        assert!(answer.text.contains("complete ") && answer.text.contains("kubectl-todo"));
    }
}
