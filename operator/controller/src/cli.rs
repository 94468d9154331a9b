//! The command line. Every flag can also be given by environment.
#![expect(
    clippy::doc_markdown,
    reason = "these comments are the help, which is read at a terminal"
)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use todoplatform_offline::defaults::DefaultsArgs;
use todoplatform_render::OperatorDefaults;

use crate::commands::{self, CommandError};
use crate::run::{self, RunError, Settings};
use crate::telemetry::args::TracesArgs;
use crate::telemetry::traces::{TraceSettings, Traces, TracesError};
use crate::telemetry::{self, LogFormat, LogLevelError};

/// Runs todo platforms on Kubernetes: one TodoPlatform resource becomes five services on Dapr, kept as declared.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Try it without a cluster:\n  \
        todoplatform-operator check  -f config/samples/development.yaml\n  \
        todoplatform-operator render -f config/samples/development.yaml"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the operator: watches TodoPlatforms and keeps what they declare.
    ///
    /// Inside a cluster it uses the pod's service account, elsewhere the kubeconfig. SIGTERM ends it in order.
    Run(Box<RunArgs>),
    /// Prints the CustomResourceDefinition of TodoPlatform as YAML.
    Crd(CrdArgs),
    /// Prints, as multi-document YAML, exactly what the operator would apply for a TodoPlatform in a file.
    ///
    /// No cluster is asked: every optional kind is taken to be served, every Secret to be there, every dependency to
    /// answer. Generated Secrets are shown without values.
    Render(RenderArgs),
    /// Checks TodoPlatforms in a file as the API server and the operator would: exit code 1 when one is refused.
    ///
    /// Prints for each violation the field path, the reason and what to do. No cluster is asked, so whether Secrets
    /// exist is not checked.
    Check(CheckArgs),
    /// Makes a role and a database for each service on a PostgreSQL. The operator runs it as a Job; it is safe to run
    /// again.
    ///
    /// The administrator's login comes from DATABASE_URL, or from DATABASE_HOST, DATABASE_PORT, DATABASE_NAME,
    /// DATABASE_USER, DATABASE_PASSWORD and DATABASE_SSLMODE, with DATABASE_CA_FILE for a private authority; the password
    /// of a role from <SERVICE>_PASSWORD.
    DatabaseSetup(DatabaseSetupArgs),
    /// Prints the rules of the operator's roles as the chart's templates: every permission with its reason.
    Rbac,
    /// Prints the API reference as Markdown.
    Docs,
    /// Prints the table of the operator's metrics as Markdown.
    Metrics,
    /// Prints the Grafana dashboard about the operator as JSON.
    Dashboard,
    /// Prints the reference of platforms' alerts and metrics as Markdown.
    Monitoring,
}

#[derive(Debug, Args)]
struct CrdArgs {
    /// Instead says what this CRD breaks of the one in a file: exit code 1 when it takes less than that one.
    #[arg(long, value_name = "FILE")]
    compatible_with: Option<PathBuf>,
    /// Breaking changes that are meant, one per line as they are printed; lines with `#` say why.
    #[arg(long, value_name = "FILE", requires = "compatible_with")]
    accepted: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Namespaces to look for platforms in, separated by commas. Default: all.
    #[arg(
        long,
        env = "WATCH_NAMESPACES",
        value_delimiter = ',',
        value_name = "NAMESPACE"
    )]
    watch_namespaces: Vec<String>,
    /// Only platforms with these labels, as a label selector. Default: all.
    #[arg(long, env = "PLATFORM_SELECTOR", value_name = "SELECTOR")]
    platform_selector: Option<String>,
    /// Only platforms whose spec.operatorClass is this. Default: only those that name no class.
    #[arg(long, env = "OPERATOR_CLASS", value_name = "CLASS", value_parser = label)]
    class: Option<String>,
    /// Context of the kubeconfig. Default: the pod's service account, else the current context.
    #[arg(long, env = "KUBE_CONTEXT", value_name = "NAME")]
    context: Option<String>,
    /// Where /livez, /readyz and /metrics are served.
    #[arg(long, env = "LISTEN", default_value = "0.0.0.0:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// How many platforms are worked on at a time.
    #[arg(long, env = "CONCURRENCY", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// How long changes of one platform are gathered before a pass, in milliseconds.
    #[arg(long, env = "DEBOUNCE_MILLISECONDS", default_value_t = 50, value_parser = clap::value_parser!(u64).range(0..=1000))]
    debounce_milliseconds: u64,
    /// Level of the log: error, warn, info, debug, trace, or a list such as info,todoplatform_operator=debug.
    #[arg(long, env = "LOG_LEVEL", default_value = "info")]
    log_level: String,
    /// Form of the log.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Auto)]
    log_format: LogFormat,
    /// Name of the operator's pod, for Events and in the Lease.
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    pod_name: Option<String>,
    /// Name of the Lease by which replicas agree on who writes. Default: todoplatform-operator, with `-CLASS` when there is one.
    #[arg(long, env = "LEASE_NAME", value_name = "NAME")]
    lease_name: Option<String>,
    /// Namespace of the Lease. Default: the pod's, else that of the context.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE")]
    lease_namespace: Option<String>,
    /// Seconds without a renewal after which another replica takes over.
    #[arg(long, env = "LEASE_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(3..=300))]
    lease_seconds: u64,
    /// Port of the sidecars on which they are asked what they have loaded. Dapr has no other; tests do.
    #[arg(long, env = "SIDECAR_PORT", hide = true, default_value_t = crate::sidecars::PUBLIC_PORT)]
    sidecar_port: u16,
    #[command(flatten)]
    traces: TracesArgs,
    #[command(flatten)]
    defaults: DefaultsArgs,
}

#[derive(Debug, Args)]
struct RenderArgs {
    /// File with a TodoPlatform; `-` for standard input.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Namespace, where the file names none.
    #[arg(short, long, default_value = "default", value_name = "NAMESPACE")]
    namespace: String,
    #[command(flatten)]
    defaults: DefaultsArgs,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// File with TodoPlatforms; `-` for standard input.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    defaults: DefaultsArgs,
}

#[derive(Debug, Args)]
struct DatabaseSetupArgs {
    /// Namespace and name of the platform, as `namespace/name`: it stands on each role as a comment, and a role without
    /// it is left alone.
    #[arg(long, value_name = "NAMESPACE/NAME")]
    owner: String,
    /// A service and the name of its role and database, as `service=role`. Can be given several times.
    #[arg(long = "role", value_name = "SERVICE=ROLE", required = true, value_parser = commands::database_setup::role)]
    roles: Vec<(String, String)>,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The log cannot be set up as asked.
    #[error(transparent)]
    LogLevel(LogLevelError),
    /// Traces cannot be sent as asked.
    #[error(transparent)]
    Traces(TracesError),
    /// The operator cannot run.
    #[error(transparent)]
    Run(RunError),
    /// A command that needs no cluster failed.
    #[error(transparent)]
    Command(CommandError),
}

impl Cli {
    /// Does what was asked.
    pub async fn run(self) -> Result<ExitCode, CliError> {
        match self.command {
            Command::Run(args) => args.run().await,
            Command::Crd(CrdArgs {
                compatible_with: Some(older),
                accepted,
            }) => {
                let checked =
                    commands::compat::check(&older, accepted.as_deref()).map_err(CliError::Command)?;
                print(&checked.text)?;
                Ok(exit(checked.is_valid))
            }
            Command::Crd(_) => print(&todoplatform_api::crd_yaml()),
            Command::DatabaseSetup(DatabaseSetupArgs { owner, roles }) => {
                let environment = std::env::vars().collect();
                let text = commands::database_setup::run(owner, &roles, &environment).await;
                print(&text.map_err(|error| CliError::Command(CommandError::DatabaseSetup(error)))?)
            }
            Command::Rbac => print(&crate::rbac::template()),
            Command::Docs => print(&todoplatform_api::docs()),
            Command::Monitoring => print(&todoplatform_render::observability::reference::page()),
            Command::Dashboard => print(&crate::metrics::dashboard::json()),
            Command::Metrics => print(&crate::metrics::catalog::page()),
            Command::Render(RenderArgs {
                file,
                namespace,
                defaults,
            }) => {
                let text = commands::render(&file, &namespace, &defaults.over(OperatorDefaults::default()))
                    .map_err(CliError::Command)?;
                print(&text)
            }
            Command::Check(CheckArgs { file, defaults }) => {
                let checked = commands::check(&file, &defaults.over(OperatorDefaults::default()))
                    .map_err(CliError::Command)?;
                print(&checked.text)?;
                Ok(exit(checked.is_valid))
            }
        }
    }
}

impl RunArgs {
    async fn run(self) -> Result<ExitCode, CliError> {
        let (format, level) = (self.log_format, self.log_level.clone());
        let (settings, tracing) = self.into_settings();
        let traces = tracing.as_ref().map(Traces::start).transpose();
        let traces = traces.map_err(CliError::Traces)?;
        telemetry::init(format, &level, traces.as_ref()).map_err(CliError::LogLevel)?;
        let result = run::run(settings).await;
        // By now another replica has the Lease: nobody waits for this.
        if let Some(traces) = traces {
            traces.end().await;
        }
        result.map_err(CliError::Run)?;
        Ok(ExitCode::SUCCESS)
    }

    fn into_settings(self) -> (Settings, Option<TraceSettings>) {
        let traces = self.traces.into_settings(self.pod_name.clone());
        let settings = Settings {
            context: self.context,
            namespaces: self
                .watch_namespaces
                .into_iter()
                .filter(|namespace| !namespace.is_empty())
                .collect(),
            selector: self.platform_selector.filter(|selector| !selector.is_empty()),
            class: self.class,
            lease_name: self.lease_name,
            lease_namespace: self.lease_namespace,
            lease_duration: Duration::from_secs(self.lease_seconds),
            listen: self.listen,
            concurrency: self.concurrency,
            debounce: Duration::from_millis(self.debounce_milliseconds),
            pod: self.pod_name,
            sidecar_port: self.sidecar_port,
            defaults: self.defaults.over(OperatorDefaults::default()),
        };
        (settings, traces)
    }
}

fn exit(is_valid: bool) -> ExitCode {
    if is_valid {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A class is part of the Lease's name.
fn label(text: &str) -> Result<String, String> {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_label = (1..=40).contains(&text.len())
        && text.chars().all(is_inner)
        && !text.starts_with('-')
        && !text.ends_with('-');
    if is_label {
        Ok(text.to_owned())
    } else {
        Err(
            "at most 40 lower-case letters, digits and dashes, with a letter or digit at both ends"
                .to_owned(),
        )
    }
}

fn print(text: &str) -> Result<ExitCode, CliError> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    // A reader that has seen enough, as `| head` has, is no failure.
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::Command(CommandError::Print { source }))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_flag_of_run_can_be_given_by_environment() {
        Cli::command().debug_assert();
        let command = Cli::command();
        let run = command.find_subcommand("run").unwrap();
        for flag in run.get_arguments().filter(|flag| flag.get_id() != "help") {
            assert!(
                flag.get_env().is_some(),
                "{} has no environment variable",
                flag.get_id()
            );
            assert!(flag.get_help().is_some(), "{} has no help", flag.get_id());
        }
    }

    #[test]
    fn what_is_not_given_is_the_built_in_default() {
        let cli =
            Cli::try_parse_from(["x", "run", "--image-tag", "test", "--watch-namespaces", "a,b"]).unwrap();
        let Command::Run(args) = cli.command else {
            panic!("run was asked for")
        };
        let (settings, traces) = args.into_settings();
        assert_eq!(traces, None);
        assert_eq!(settings.namespaces, ["a", "b"]);
        assert_eq!(
            settings.defaults,
            OperatorDefaults {
                image_tag: "test".into(),
                ..OperatorDefaults::default()
            }
        );
    }
}
