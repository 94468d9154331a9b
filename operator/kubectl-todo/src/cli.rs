//! The command line.

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use todoplatform_offline::defaults::DefaultsArgs;

use crate::{
    answer::{Answer, Failure, Terminal},
    cluster::{Cluster, Where},
    commands::{
        check, completion, diff, hibernate, pause, reconcile, render, restart, resume, status,
        token::{self, TokenArgs},
        tree, wake, why,
    },
    complete,
};

/// Day-2 work on a TodoPlatform.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-todo",
    bin_name = "kubectl todo",
    version,
    after_help = "Exit codes: 0 done, Ready, or no differences; 1 not Ready, differences, or findings; \
                  2 no answer, and standard error says why and what to do."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    place: Where,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows conditions, components, sidecars, dependencies, and what blocks with what to do next.
    ///
    /// Exit code 0 when the platform is Ready as its present spec says, 1 when it is not, 2 when nobody can tell.
    #[command(after_help = "Examples:\n  \
        kubectl todo status\n  \
        kubectl todo status todo --watch\n  \
        kubectl todo status -A -o wide\n  \
        kubectl todo status todo -o json")]
    Status(status::StatusArgs),
    /// Says what holds Ready back: from the condition to the pod or the dependency, ending in what to do next.
    ///
    /// Exit code 0 when nothing does, 1 when something does, 2 when nobody can tell.
    #[command(after_help = "Example:\n  kubectl todo why todo -n shop")]
    Why(why::WhyArgs),
    /// Draws everything that the platform is made of, with who calls whom and which events flow.
    ///
    /// Exit code 0 when all of it is there and ready, 1 when something is missing or not ready.
    #[command(after_help = "Examples:\n  kubectl todo tree\n  kubectl todo tree todo -o json")]
    Tree(tree::TreeArgs),
    /// Shows what the operator would change, and which pods that restarts; changes nothing.
    ///
    /// Asks the API server by a dry run for every object, so it needs leave to patch them. Values of Secrets are never
    /// shown. Exit code 0 without differences, 1 with some, 2 when nobody can tell.
    #[command(after_help = "Examples:\n  \
        kubectl todo diff                  what others have changed\n  \
        kubectl todo diff -f todo.yaml     what applying this file would do")]
    Diff(diff::DiffArgs),
    /// Prints every object that the operator applies, or where each setting comes from.
    ///
    /// Generated Secrets are shown without values.
    #[command(after_help = "Examples:\n  \
        kubectl todo render -f todo.yaml                    without a cluster\n  \
        kubectl todo render todo --split manifests/         one file per object\n  \
        kubectl todo render -f todo.yaml --show-defaults    each setting, and what decided it")]
    Render(render::RenderArgs),
    /// Checks `TodoPlatforms` in files as the API server and the operator would, and advises; no cluster is asked.
    ///
    /// Exit code 0 without findings of the severity of --fail-on or above, 1 with some, 2 when a file cannot be read.
    /// A rule is passed over by the annotation todoplatform.dev/lint-ignore: "TP017: the reason".
    #[command(after_help = "Examples:\n  \
        kubectl todo check -f todo.yaml\n  \
        kubectl todo check -f environments/ --fail-on warn\n  \
        kubectl todo check --explain TP017")]
    Check(check::CheckArgs),
    /// Prints a bearer token, signed with the platform's development key.
    ///
    /// The token is all that is printed on standard output. It needs leave to read the Secret
    /// `<platform>-signing-key`. A platform that names an issuer's keys in `spec.auth` has no such key.
    #[command(after_help = "Example:\n  TOKEN=$(kubectl todo token --user alice --email alice@example.com)")]
    Token(TokenArgs),
    /// Makes the operator leave the platform as it is, for a time or until `resume`.
    #[command(after_help = "Examples:\n  kubectl todo pause\n  kubectl todo pause todo --for 2h")]
    Pause(pause::PauseArgs),
    /// Ends a pause.
    #[command(after_help = "Example:\n  kubectl todo resume")]
    Resume(resume::ResumeArgs),
    /// Takes all pods away and keeps all data.
    #[command(after_help = "Example:\n  kubectl todo hibernate todo --timeout 5m")]
    Hibernate(hibernate::HibernateArgs),
    /// Brings a hibernated platform back, and waits until it is Ready.
    #[command(after_help = "Example:\n  kubectl todo wake todo --timeout 10m")]
    Wake(wake::WakeArgs),
    /// Replaces all pods, or those of one component, one app after another.
    #[command(after_help = "Examples:\n  kubectl todo restart\n  kubectl todo restart task --platform todo")]
    Restart(restart::RestartArgs),
    /// Makes the operator look at the platform now.
    #[command(after_help = "Example:\n  kubectl todo reconcile todo")]
    Reconcile(reconcile::ReconcileArgs),
    /// Prints a script that completes `kubectl-todo` in a shell, or `kubectl todo` in kubectl.
    #[command(after_help = COMPLETION_HELP)]
    Completion(completion::CompletionArgs),
    /// What kubectl's completion asks for.
    #[command(name = "__complete", hide = true, disable_help_flag = true)]
    Complete(CompleteArgs),
}

const COMPLETION_HELP: &str = "\
kubectl-todo itself, for example in bash:
  source <(kubectl-todo completion bash)

`kubectl todo` is completed by kubectl, which asks a program named kubectl_complete-todo in the PATH:
  kubectl-todo completion kubectl > ~/.local/bin/kubectl_complete-todo
  chmod +x ~/.local/bin/kubectl_complete-todo
It needs kubectl's own completion: source <(kubectl completion bash)";

#[derive(Debug, Args)]
struct CompleteArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

impl Cli {
    /// The command line as it is parsed: an operator's variables, such as `IMAGE_TAG`, are an operator's only.
    pub(crate) fn parser() -> clap::Command {
        let operators: Vec<_> = DefaultsArgs::augment_args(clap::Command::new(""))
            .get_arguments()
            .map(|argument| argument.get_id().clone())
            .collect();
        Self::command().mut_subcommands(move |command| {
            command.mut_args(|argument| {
                if operators.contains(argument.get_id()) {
                    argument.env(None::<&str>)
                } else {
                    argument
                }
            })
        })
    }

    /// The words of this process; ends it where they are wrong, or ask for help.
    pub(crate) fn of_process() -> Self {
        let parsed = Self::from_arg_matches(&Self::parser().get_matches());
        parsed.unwrap_or_else(|error| error.exit())
    }
}

/// Does what was asked.
pub(crate) async fn run(cli: Cli, terminal: Terminal) -> Result<Answer, Failure> {
    let Cli { place, command } = cli;
    match command {
        Command::Status(args) => status::status(&connect(place).await?, &args, terminal).await,
        Command::Why(args) => why::why(&connect(place).await?, &args, terminal).await,
        Command::Tree(args) => tree::tree(&connect(place).await?, &args, terminal).await,
        Command::Diff(args) => Box::pin(diff::diff(&connect(place).await?, args, terminal)).await,
        Command::Render(args) => render::render(args, place, terminal).await,
        Command::Check(args) => check::check(args, terminal),
        Command::Token(args) => {
            let token = token::token(&connect(place).await?, &args, (terminal.now)())
                .await
                .map_err(Failure::Token)?;
            Ok(Answer::done(format!("{token}\n")))
        }
        Command::Pause(args) => pause::pause(&connect(place).await?, &args, terminal).await,
        Command::Resume(args) => resume::resume(&connect(place).await?, &args, terminal).await,
        Command::Hibernate(args) => hibernate::hibernate(&connect(place).await?, &args, terminal).await,
        Command::Wake(args) => wake::wake(&connect(place).await?, &args, terminal).await,
        Command::Restart(args) => restart::restart(&connect(place).await?, &args, terminal).await,
        Command::Reconcile(args) => reconcile::reconcile(&connect(place).await?, &args, terminal).await,
        Command::Completion(args) => Ok(Answer::done(completion::script(args, &mut Cli::parser()))),
        Command::Complete(CompleteArgs { words }) => {
            Ok(Answer::done(complete::answer(&Cli::parser(), &words).await))
        }
    }
}

async fn connect(place: Where) -> Result<Cluster, Failure> {
    Ok(Cluster::connect(place).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from([&["kubectl-todo"], words].concat())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::parser().debug_assert();
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

    #[test]
    fn every_command_teaches_itself() {
        for command in Cli::parser()
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
        {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} says nothing of itself");
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                help.contains("kubectl") && help.contains(name),
                "{name} has no example"
            );
            for argument in command
                .get_arguments()
                .filter(|argument| argument.get_id() != "help")
            {
                assert!(
                    argument.get_help().is_some(),
                    "{name} --{} has no help",
                    argument.get_id()
                );
            }
        }
    }

    #[test]
    fn the_operators_variables_are_not_read() {
        for command in Cli::parser().get_subcommands() {
            for argument in command.get_arguments() {
                assert_eq!(
                    argument.get_env(),
                    None,
                    "{} --{}",
                    command.get_name(),
                    argument.get_id()
                );
            }
        }
    }
}
